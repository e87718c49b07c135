// SPDX-License-Identifier: Apache-2.0
#include "web/form.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "base/str_cat.h"
#include "base/utf8.h"

namespace sloburn::web {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool HasFormBody(const Request& request) {
  if (request.method != "POST" && request.method != "PUT" && request.method != "PATCH") {
    return false;
  }
  std::string_view type = request.FindHeader("Content-Type");
  type = type.substr(0, type.find(';'));
  const absl::string_view bare =
      absl::StripAsciiWhitespace(absl::string_view(type.data(), type.size()));
  return absl::EqualsIgnoreCase(bare, "application/x-www-form-urlencoded");
}

}  // namespace

std::optional<std::string> PercentDecode(std::string_view text, bool plus_is_space,
                                         std::string* bad_escape) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '+' && plus_is_space) {
      out += ' ';
    } else if (c == '%') {
      const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        if (bad_escape != nullptr) *bad_escape = std::string(text.substr(i, 3));
        return std::nullopt;
      }
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += c;
    }
  }
  return out;
}

Form::Form(const Request& request) {
  if (HasFormBody(request)) Parse(request.body, body_);
  Parse(request.query, query_);
}

void Form::Parse(std::string_view text, Pairs& pairs) {
  while (!text.empty()) {
    const size_t end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (pair.empty()) continue;
    if (pair.find(';') != std::string_view::npos) {
      if (error_.empty()) error_ = "invalid semicolon separator in query";
      continue;
    }
    const size_t equals = pair.find('=');
    std::string bad_escape;
    auto name = PercentDecode(pair.substr(0, equals), true, &bad_escape);
    auto value = PercentDecode(
        equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1), true,
        &bad_escape);
    if (!name || !value) {
      if (error_.empty()) error_ = StrCat("invalid URL escape ", GoQuote(bad_escape));
      continue;
    }
    pairs.emplace_back(*std::move(name), *std::move(value));
  }
}

std::string_view Form::Get(std::string_view name) const {
  for (const auto& [key, value] : body_) {
    if (key == name) return value;
  }
  return GetFromQuery(name);
}

std::string_view Form::GetFromQuery(std::string_view name) const {
  for (const auto& [key, value] : query_) {
    if (key == name) return value;
  }
  return {};
}

std::vector<std::string> Form::GetAll(std::string_view name) const {
  std::vector<std::string> values;
  for (const Pairs* pairs : {&body_, &query_}) {
    for (const auto& [key, value] : *pairs) {
      if (key == name) values.push_back(value);
    }
  }
  return values;
}

}  // namespace sloburn::web
