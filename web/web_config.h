// SPDX-License-Identifier: Apache-2.0
// What a web configuration file (--web.config.file, the format of Prometheus' exporter toolkit)
// says, as plain values. cli/web_config_file reads it, web/web_security keeps it in force.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "web/request.h"

namespace sloburn::web {

// Go's tls.ClientAuthType, by which the file names it.
enum class ClientAuth {
  kNoClientCert,
  kRequestClientCert,
  kRequireAnyClientCert,
  kVerifyClientCertIfGiven,
  kRequireAndVerifyClientCert,
};

struct TlsServerConfig {
  // PEM texts; those of the files stand here once they are read.
  std::string cert, key, client_ca;
  std::string cert_file, key_file, client_ca_file;  // empty: the text above was given
  ClientAuth client_auth = ClientAuth::kNoClientCert;
  std::vector<std::string> client_allowed_sans;  // empty: every verified certificate is let in
  // Of OpenSSL: TLS1_2_VERSION ...
  int min_version, max_version;
  // Names of OpenSSL, in order of preference; empty: the default ones of Go.
  std::vector<std::string> cipher_suites;  // up to TLS 1.2
  std::vector<std::string> curves;
  bool prefer_server_cipher_suites = true;
};

// A token bucket: `burst` requests at once, then one each `interval`. Zero: no limit.
struct RateLimit {
  absl::Duration interval;
  int64_t burst = 0;

  friend bool operator==(const RateLimit&, const RateLimit&) = default;
};

struct WebConfig {
  std::optional<TlsServerConfig> tls;  // without it the server speaks plain HTTP
  bool wants_http2 = false;            // the file says so; HTTP/1.1 is all that is offered
  std::vector<Header> headers;         // of every answer
  std::map<std::string, std::string, std::less<>> users;  // name -> bcrypt hash; empty: no login
  RateLimit rate_limit;
};

}  // namespace sloburn::web
