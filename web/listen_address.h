// SPDX-License-Identifier: Apache-2.0
// "HOST:PORT" -> its parts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace sloburn::web {

struct ListenAddress {
  std::string host;  // without brackets; "" means all addresses
  uint16_t port = 0;
};

// Accepts "127.0.0.1:9090", "localhost:0", "[::1]:9090" and ":9090". Errors: InvalidArgument that
// quotes the text.
absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text);

// The inverse; IPv6 hosts get brackets.
std::string FormatHostPort(std::string_view host, int port);

}  // namespace sloburn::web
