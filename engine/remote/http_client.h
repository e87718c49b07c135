// SPDX-License-Identifier: Apache-2.0
// The HTTP(S) client of all outgoing requests: sources, remote write, Alertmanager.
//
//   ASSIGN_OR_RETURN(auto client, HttpClient::Create({.url = "http://prometheus:9090"}));
//   ASSIGN_OR_RETURN(HttpResponse response, client->Get("/api/v1/status/buildinfo"));
//   RETURN_IF_ERROR(client->ToStatus(response));
//
// What it promises: only the configured host is ever spoken to (redirects are never followed, so
// credentials cannot leak to another host; proxies of the environment are not used); every
// request ends within total_timeout (name resolution excepted, which the system's resolver bounds);
// heads and bodies, also compressed ones, are bounded; no message holds userinfo, queries, header
// values or credentials.
//
// Idle connections are kept and used again. A request on a connection that the server had closed
// in the meantime is sent once more on a new one, so requests should be safe to repeat.
//
// Threads: an HttpClient may be used from any thread; requests run side by side, each on its own
// connection. Sending blocks the calling thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "engine/remote/url.h"

namespace sloburn::remote {

struct BasicAuth {
  std::string username = {};
  std::string password = {};
  std::string password_file = {};  // read at each request; one final line end is cut
  std::string username_file = {};  // the same

  bool is_used() const { return !username.empty() || !username_file.empty(); }
  friend bool operator==(const BasicAuth&, const BasicAuth&) = default;
};

struct Authorization {
  std::string type = "Bearer";
  std::string credentials = {};
  std::string credentials_file = {};  // read at each request; white space around it is cut

  friend bool operator==(const Authorization&, const Authorization&) = default;
};

struct TlsOptions {
  std::string ca_file = {};  // PEM; empty: the system's
  std::string cert_file = {}, key_file = {};
  std::string server_name = {};  // empty: the host of the URL
  bool insecure_skip_verify = false;

  friend bool operator==(const TlsOptions&, const TlsOptions&) = default;
};

struct HttpClientOptions {
  std::string url = {};  // requests add their path to its path; userinfo serves as basic auth
  absl::Duration connect_timeout = absl::Seconds(10);  // with the TLS handshake
  absl::Duration idle_timeout = absl::Seconds(30);     // no byte in or out
  absl::Duration total_timeout = absl::Minutes(1);
  size_t max_head_bytes = 64 << 10;
  size_t max_response_bytes = 256 << 20;  // of the body, after decompression
  BasicAuth basic_auth = {};              // used where there is a username
  Authorization authorization = {};       // used where credentials or the file are given
  TlsOptions tls = {};
  std::vector<std::pair<std::string, std::string>> headers = {};  // added to each request
  // Names and files: their values come after those of `headers`. Read at each request; white space
  // around the content is cut.
  std::vector<std::pair<std::string, std::string>> header_files = {};
  std::string user_agent = "sloburn";
  size_t max_idle_connections = 4;

  friend bool operator==(const HttpClientOptions&, const HttpClientOptions&) = default;
};

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "GET";
  std::string path = {};   // added to the path of the configured URL; "" for that URL itself
  std::string query = {};  // without '?'; added to that of the URL
  HttpHeaders headers = {};
  std::string body = {};  // sent where not empty, or where the method is POST or PUT
  bool accept_gzip = true;
  bool needs_body = true;  // false: bodies are cut at 64 KiB, and that one breaks off is no error
  absl::Duration total_timeout = absl::ZeroDuration();  // zero: the option's
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers;  // names in lower case
  std::string body;     // decompressed
  bool was_repeated = false;  // the request was sent twice, see above

  // The first such header, "" where there is none. `name` in lower case.
  std::string_view Header(std::string_view name) const;
};

// Called with each piece of a body. An error ends the request and is returned.
using BodyReceiver = std::function<absl::Status(std::string_view)>;
// Called once with the head, before the body. An error ends the request and is returned.
using HeadReceiver = std::function<absl::Status(const HttpResponse&)>;

class HttpConnection;
class TlsContext;

class HttpClient {
 public:
  // Errors: InvalidArgument for the URL and for options that exclude each other, NotFound for
  // files that cannot be read (their names, not their contents).
  static absl::StatusOr<std::unique_ptr<HttpClient>> Create(HttpClientOptions options);
  ~HttpClient();

  // Any status is a response. Where it is no 2xx, what the server repeats of our secrets is replaced
  // by "<secret>" in the body. Errors: Unavailable (connecting, TLS, connection lost, answer that
  // is not HTTP), DeadlineExceeded, ResourceExhausted (limits), Cancelled (after Cancel), each
  // with host:port and the cause.
  absl::StatusOr<HttpResponse> Send(const HttpRequest& request);

  // As Send, but the body of a 2xx goes to `on_body`, and without bound: the receiver has its own.
  // Where the server does not say how long the body is (neither chunked nor Content-Length), the
  // request fails, because its end could not be told from a broken connection.
  // Bodies of other statuses are kept in the response, cut at 64 KiB.
  absl::StatusOr<HttpResponse> SendStreamed(const HttpRequest& request, const HeadReceiver& on_head,
                                            const BodyReceiver& on_body);

  absl::StatusOr<HttpResponse> Get(std::string_view path, std::string_view query = "");
  absl::StatusOr<HttpResponse> Post(std::string_view path, std::string body,
                                    std::string_view content_type, HttpHeaders headers = {});

  // OK for 2xx. Otherwise "<url> answered <status>: <the server's words, at most 1 KiB>":
  //   Unavailable 5xx, 429   DeadlineExceeded 408, 504   Unauthenticated 401   PermissionDenied 403
  //   NotFound 404           FailedPrecondition 3xx (a redirect, naming the fix)
  //   InvalidArgument        all others
  absl::Status ToStatus(const HttpResponse& response, std::string_view path = "") const;

  // Ends all requests, running and later ones, with Cancelled.
  void Cancel();

  const Url& url() const { return url_; }

 private:
  class Lease;  // a connection for one request
  struct Receivers {
    const HeadReceiver* on_head = nullptr;  // null: the body is kept
    const BodyReceiver* on_body = nullptr;
  };

  HttpClient(HttpClientOptions options, Url url, std::unique_ptr<TlsContext> tls);
  absl::StatusOr<HttpResponse> Run(const HttpRequest& request, const Receivers& receivers);
  absl::StatusOr<HttpResponse> RunOn(Lease& lease, const HttpRequest& request,
                                     const HttpHeaders& headers, absl::Time deadline,
                                     const Receivers& receivers);
  absl::Status ReceiveBody(HttpConnection& connection, absl::Time deadline,
                           const Receivers& receivers, bool needs_body, HttpResponse& response);
  absl::StatusOr<HttpHeaders> RequestHeaders(const HttpRequest& request) const;
  absl::StatusOr<HttpResponse> WithoutSecrets(absl::StatusOr<HttpResponse> response) const;
  std::string Target(const HttpRequest& request) const;

  const HttpClientOptions options_;
  const Url url_;
  const std::unique_ptr<TlsContext> tls_;  // null for http
  absl::Mutex mutex_;
  bool is_cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::unique_ptr<HttpConnection>> idle_ ABSL_GUARDED_BY(mutex_);
  std::vector<HttpConnection*> active_ ABSL_GUARDED_BY(mutex_);
};

// Whether the server may have got the request that ended with this error of Send: false where it
// ended before there was a connection.
bool MayHaveArrived(const absl::Status& error);

// The server's words for a message: control characters and bad UTF-8 replaced, cut at `max_bytes`.
std::string ServerWords(std::string_view body, size_t max_bytes = 1024);

}  // namespace sloburn::remote
