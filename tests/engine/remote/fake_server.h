// SPDX-License-Identifier: Apache-2.0
// An HTTP server for tests that answers with exactly the bytes it is told, right or wrong.
//
//   FakeServer server([](const FakeRequest& request) { return Answer(200, "pong"); });
//   HttpClient::Create({.url = server.url()});
//
// Threads: the handler is called from one thread per connection, under the server's lock.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace sloburn::remote {

struct FakeRequest {
  std::string head;  // the request line and all headers
  std::string method, target, body;

  // The first such header, "" where there is none; any case.
  std::string Header(std::string_view name) const;
};

struct FakeAnswer {
  std::string bytes;
  bool closes = false;                          // the connection, after the bytes
  absl::Duration delay = absl::ZeroDuration();  // before the bytes
  absl::Duration pause = absl::ZeroDuration();  // between bytes, which then go one by one
};

FakeAnswer Answer(int status, std::string_view body, std::string_view headers = "");

class FakeServer {
 public:
  using Handler = std::function<FakeAnswer(const FakeRequest&)>;

  explicit FakeServer(Handler handler, int port = 0);
  ~FakeServer();

  int port() const { return port_; }
  std::string url(std::string_view path = "") const;
  std::vector<FakeRequest> requests() const;
  int connections() const { return connections_; }

 private:
  void Accept();
  void Serve(int fd);
  bool Read(int fd, std::string& buffer) const;

  const Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stops_{false};
  std::atomic<int> connections_{0};
  mutable absl::Mutex mutex_;
  std::vector<FakeRequest> requests_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace sloburn::remote
