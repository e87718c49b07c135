// SPDX-License-Identifier: Apache-2.0
// A server for tests that speaks TLS with a certificate of its own and answers every request with
// 200 and the body "secret".
//
// Threads: the server has one; last_request() and server_name() from any.
#pragma once

#include <string>
#include <thread>

#include "absl/synchronization/mutex.h"

typedef struct ssl_ctx_st SSL_CTX;

namespace sloburn::remote {

// A self-signed certificate for `subject_alternative_name` ("DNS:localhost,IP:127.0.0.1"), as two
// files in the tests' folder.
struct Certificate {
  Certificate(const std::string& file_name, const std::string& subject_alternative_name);

  std::string cert_file, key_file;
};

// Takes one request per connection. With `client_ca`, clients must have a certificate of it.
class TlsServer {
 public:
  explicit TlsServer(const Certificate& certificate, const std::string& client_ca = "");
  ~TlsServer();

  int port() const { return port_; }
  std::string server_name() const;   // that the last client asked for
  std::string last_request() const;  // its first 4 KiB

 private:
  void Serve();

  SSL_CTX* const context_;
  int listener_ = -1;
  int port_ = 0;
  mutable absl::Mutex mutex_;
  std::string server_name_ ABSL_GUARDED_BY(mutex_);
  std::string last_request_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace sloburn::remote
