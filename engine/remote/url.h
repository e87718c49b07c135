// SPDX-License-Identifier: Apache-2.0
// http and https URLs of configured endpoints.
//
// Threads: values and pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace sloburn::remote {

struct Url {
  bool is_https = false;
  std::string host;  // without brackets for IPv6
  uint16_t port = 80;
  std::string path = "/";          // starts with '/'
  std::string query;               // without '?'
  std::string username, password;  // decoded userinfo; "" where absent

  // host:port, an IPv6 host in brackets.
  std::string Authority() const;
  // Scheme, host, port and path, for messages: never userinfo and never the query, which may hold
  // tokens.
  std::string Redacted() const;
};

// Errors: InvalidArgument with what is wrong and how to write it. The text itself is not repeated,
// as it may hold a password. The fragment is refused, as are control characters and spaces.
absl::StatusOr<Url> ParseUrl(std::string_view text);

}  // namespace sloburn::remote
