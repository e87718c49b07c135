// SPDX-License-Identifier: Apache-2.0
// One connection of an HttpClient, and its TLS settings: the transport, without any policy.
//
// Per request: Exchange, then ReadBody until it gives an empty piece. A connection may serve the
// next request where can_be_reused() says so.
// Threads: one at a time, but Cancel may come from any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "engine/remote/http_client.h"
#include "engine/remote/url.h"

namespace sloburn::remote {

// The settings of all TLS connections of a client; immutable.
class TlsContext {
 public:
  // Errors: NotFound or InvalidArgument naming the file and what is wrong with it.
  static absl::StatusOr<std::unique_ptr<TlsContext>> Create(const TlsOptions& options,
                                                            const std::string& host);
  ~TlsContext();

 private:
  friend class HttpConnection;
  struct Rep;
  explicit TlsContext(std::unique_ptr<Rep> rep);
  const std::unique_ptr<Rep> rep_;
};

class HttpConnection {
 public:
  struct Limits {
    absl::Time deadline;  // of the whole request, by absl::Now()
    absl::Duration connect_timeout;
    absl::Duration idle_timeout;
    size_t max_head_bytes;
  };

  // `tls` is null for http, and borrowed.
  HttpConnection(const Url& url, const TlsContext* tls);
  ~HttpConnection();

  // Errors of all: Unavailable, DeadlineExceeded, Cancelled, without the URL.
  absl::Status Open(const Limits& limits);

  // Sends a request and reads the head of its answer (body empty). `headers` are all but Host and
  // Content-Length. Also ResourceExhausted, for the head.
  absl::StatusOr<HttpResponse> Exchange(const HttpRequest& request, const std::string& target,
                                        const HttpHeaders& headers, const Limits& limits);

  // The next piece of the body, valid until the next call; empty at its end.
  absl::StatusOr<std::string_view> ReadBody(const Limits& limits);

  // Whether any byte of the answer to the last request came.
  bool has_answer_begun() const;
  // Of the last answer: whether its length is known, other than by the connection's end.
  bool is_length_known() const;
  bool can_be_reused() const;

  void Cancel();

 private:
  struct Rep;
  const std::unique_ptr<Rep> rep_;
};

}  // namespace sloburn::remote
