// SPDX-License-Identifier: Apache-2.0
#include "web/request.h"

#include "absl/strings/match.h"

namespace sloburn::web {

std::string_view Request::FindHeader(std::string_view name) const {
  for (const Header& header : headers) {
    if (absl::EqualsIgnoreCase(header.name, absl::string_view(name.data(), name.size()))) {
      return header.value;
    }
  }
  return {};
}

std::string_view Request::PathParameter(std::string_view name) const {
  for (const auto& [key, value] : path_parameters) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace sloburn::web
