// SPDX-License-Identifier: Apache-2.0
#include "web/listen_address.h"

#include <charconv>

#include "base/str_cat.h"
#include "base/utf8.h"

namespace sloburn::web {
namespace {

absl::Status Invalid(std::string_view text, std::string_view why) {
  return absl::InvalidArgumentError(StrCat("cannot listen on ", GoQuote(text), ": ", why,
                                           "; expected HOST:PORT, as in 127.0.0.1:9090"));
}

}  // namespace

absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return Invalid(text, "there is no port");
  std::string_view host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find_first_of(":[]") != std::string_view::npos) {
    return Invalid(text, "an IPv6 host needs brackets around it");
  }
  const std::string_view digits = text.substr(colon + 1);
  ListenAddress address{std::string(host), 0};
  const char* const end = digits.data() + digits.size();
  const auto result = std::from_chars(digits.data(), end, address.port);
  if (result.ec != std::errc() || result.ptr != end) {
    return Invalid(text, "the port is not a number from 0 to 65535");
  }
  return address;
}

std::string FormatHostPort(std::string_view host, int port) {
  const bool is_v6 = host.find(':') != std::string_view::npos;
  return is_v6 ? StrCat("[", host, "]:", port) : StrCat(host, ":", port);
}

}  // namespace sloburn::web
