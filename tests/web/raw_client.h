// SPDX-License-Identifier: Apache-2.0
// A TCP client for tests that sends whatever bytes a test wants and reads one answer at a time.
#pragma once

#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace sloburn::web {

struct RawResponse {
  int status = 0;  // 0: no complete answer came
  std::string head, body;
  // The value of that header (case-sensitive), or "".
  std::string Header(std::string_view name) const;
};

class RawClient {
 public:
  // Connects to 127.0.0.1:port; connected() tells whether it worked.
  explicit RawClient(int port);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return fd_ >= 0; }
  // False when the peer has closed.
  bool Send(std::string_view bytes);
  void FinishSending();
  // One answer; interim 100 answers are counted and skipped. `has_body` false after HEAD.
  RawResponse Read(absl::Duration limit = absl::Seconds(10), bool has_body = true);
  // All bytes until the peer closes, or until `limit` is over.
  std::string ReadAll(absl::Duration limit = absl::Seconds(10));
  // True when the peer closes within `limit`.
  bool WaitForClose(absl::Duration limit = absl::Seconds(10));
  int interim_answers() const { return interim_answers_; }
  void Close();

 private:
  bool Fill(absl::Time deadline);
  int fd_ = -1;
  int interim_answers_ = 0;
  std::string received_;
};

// Connect, send, read one answer.
RawResponse Exchange(int port, std::string_view request, absl::Duration limit = absl::Seconds(10));
// GET with Connection: close.
RawResponse Get(int port, std::string_view target, std::string_view extra_headers = "");

}  // namespace sloburn::web
