// SPDX-License-Identifier: Apache-2.0
// The HTTP/1.1 server: sockets, limits and deadlines around a Router.
//
//   ASSIGN_OR_RETURN(auto server, Server::Start({.listen_addresses = {"127.0.0.1:0"}}, router));
//   ... server->port() ...
//   server->Stop(absl::Seconds(10));
//
// Every input has a limit before it is stored: a slow, large or lying client costs one connection
// and no more. At max_connections the one that has waited longest for its client is closed, so
// that new clients (health checks above all) are always heard.
// Ownership: borrows the router, which must outlive the server. Threads: all functions may be
// called from any thread; Stop also runs in the destructor.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "web/metrics.h"
#include "web/router.h"

namespace sloburn::web {

class WebSecurity;

struct ServerOptions {
  // "HOST:PORT", "[::1]:9090", ":9090" (all addresses). Port 0: the system chooses.
  std::vector<std::string> listen_addresses = {"127.0.0.1:9090"};

  // TLS, logins and headers; null: plain HTTP for everybody.
  std::shared_ptr<WebSecurity> security;

  int io_threads = 2;
  int query_threads = 20;  // queries evaluated at once; others wait for their turn
  int write_threads = 2;
  int read_threads = 10;  // remote reads answered at once; others wait for their turn
  int control_threads = 2;

  int max_connections = 512;
  int64_t max_uri_bytes = 64 << 10;             // 414
  int64_t max_header_bytes = 16 << 10;          // 431
  int64_t max_header_count = 100;               // 431
  int64_t max_body_bytes = 1 << 20;             // 413
  int64_t max_write_body_bytes = 32 << 20;      // 413; remote write and read
  int64_t max_buffered_body_bytes = 512 << 20;  // 503; of all requests together

  absl::Duration tls_handshake_timeout = absl::Seconds(10);
  absl::Duration header_timeout = absl::Seconds(10);  // from the first byte to the empty line
  absl::Duration body_timeout = absl::Seconds(30);    // for the whole body
  absl::Duration write_timeout = absl::Seconds(30);   // for each 256 KiB of an answer
  absl::Duration idle_timeout = absl::Minutes(5);     // between requests
  absl::Duration request_timeout = absl::Minutes(5);  // 503; of a handler, its waiting included
  absl::Duration response_timeout = absl::Minutes(30);  // for a whole answer
  // 503; of all answers that are being sent, those under 1 MiB not counted.
  int64_t max_buffered_response_bytes = int64_t{2} << 30;
};

class Server {
 public:
  virtual ~Server() = default;

  // Listens on all addresses before it returns. Errors: InvalidArgument for an address that cannot
  // be read, Unavailable for one that cannot be bound; both name the address.
  static absl::StatusOr<std::unique_ptr<Server>> Start(ServerOptions options, const Router& router);

  // The port of the first listen address.
  virtual int port() const = 0;
  // "127.0.0.1:43210", one per listen address, as bound.
  virtual std::vector<std::string> addresses() const = 0;

  // Accepts nothing more, lets requests under way finish until `grace` is over, then cancels them
  // and closes. Returns DeadlineExceeded if some had to be cancelled.
  virtual absl::Status Stop(absl::Duration grace) = 0;

  // Open connections, connections refused and evicted, bad requests.
  virtual void CollectMetrics(std::vector<MetricFamily>& families) const = 0;
};

}  // namespace sloburn::web
