// SPDX-License-Identifier: Apache-2.0
// The TLS side of a web configuration as an OpenSSL context. Private to the server.
//
// Threads: a context is immutable once made, and shared by connections.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "web/web_config.h"

namespace sloburn::web {

// Reads only the PEM texts of `config`, never its files. Errors: InvalidArgument that names the
// field; they never hold what is in it.
absl::StatusOr<std::shared_ptr<SSL_CTX>> NewTlsContext(const TlsServerConfig& config);

// OpenSSL's name of a cipher suite or curve by the name Go gives it; nullopt where Go does not
// offer it. The suites of TLS 1.3 cannot be chosen, as in Go: their name is "".
std::optional<std::string_view> CipherByGoName(std::string_view name);
std::optional<std::string_view> CurveByGoName(std::string_view name);

}  // namespace sloburn::web
