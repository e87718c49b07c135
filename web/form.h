// SPDX-License-Identifier: Apache-2.0
// The parameters of a request: of the query string, and of a form-encoded body of POST and PUT.
// Body values come before query values, as in Go's net/http.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "web/request.h"

namespace sloburn::web {

class Form {
 public:
  // Never fails: pairs that cannot be decoded are left out and described by error().
  explicit Form(const Request& request);

  // The first value of that name, or "".
  std::string_view Get(std::string_view name) const;
  std::vector<std::string> GetAll(std::string_view name) const;
  // Like Get, but looks only at the query string.
  std::string_view GetFromQuery(std::string_view name) const;

  // What was wrong with the first bad pair, in Go's words; empty if all were good.
  const std::string& error() const { return error_; }

 private:
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  void Parse(std::string_view text, Pairs& pairs);

  Pairs body_, query_;
  std::string error_;
};

// Percent-decoding; with `plus_is_space` also '+' -> ' '. nullopt on a bad escape; then
// `*bad_escape` is the offending text, e.g. "%zz".
std::optional<std::string> PercentDecode(std::string_view text, bool plus_is_space,
                                         std::string* bad_escape = nullptr);

}  // namespace sloburn::web
