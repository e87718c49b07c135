// SPDX-License-Identifier: Apache-2.0
// Prometheus' template functions over texts.
#include <arpa/inet.h>

#include <memory>
#include <vector>

#include "absl/strings/ascii.h"
#include "base/form_escape.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "engine/model/expand_template.h"
#include "engine/model/go_regexp.h"
#include "re2/re2.h"
#include "rules/alert_template/escape.h"
#include "rules/alert_template/functions.h"
#include "rules/alert_template/graph_path.h"

namespace sloburn::rules {
namespace {

using Args = std::span<const Value>;
using Result = absl::StatusOr<Value>;

constexpr size_t kMaxPatternBytes = 16 << 10;

absl::StatusOr<std::unique_ptr<re2::RE2>> Compile(std::string_view pattern) {
  if (pattern.size() > kMaxPatternBytes) {
    return absl::ResourceExhaustedError(StrCat("regular expression is ", pattern.size(),
                                               " bytes long; at most ", kMaxPatternBytes,
                                               " are allowed"));
  }
  const GoRegexp go = ReadGoRegexp(pattern);
  re2::RE2::Options options;
  options.set_log_errors(false);
  auto regex = std::make_unique<re2::RE2>(go.text, options);
  if (!regex->ok()) return RegexpError(pattern, *regex);
  RETURN_IF_ERROR(go.status);
  return regex;
}

// Go's MustCompile tells the pattern too.
absl::Status MustCompileError(std::string_view pattern, const absl::Status& status) {
  if (!absl::IsInvalidArgument(status)) return status;
  const bool can_backquote = pattern.find('`') == std::string_view::npos &&
                             GoQuote(pattern).find("\\x") == std::string::npos;
  const std::string quoted = can_backquote ? StrCat("`", pattern, "`") : GoQuote(pattern);
  return absl::InvalidArgumentError(
      StrCat("regexp: Compile(", quoted, "): ", std::string(status.message())));
}

Result ReReplaceAll(CallContext& context, Args args) {
  const std::string_view pattern = args[0].text(), replacement = args[1].text();
  const std::string_view text = args[2].text();
  const absl::StatusOr<std::unique_ptr<re2::RE2>> compiled = Compile(pattern);
  if (!compiled.ok()) return MustCompileError(pattern, compiled.status());
  const re2::RE2& regex = **compiled;
  const size_t limit = context.environment.limits.max_output_bytes;
  std::vector<re2::StringPiece> pieces(regex.NumberOfCapturingGroups() + 1);
  std::vector<std::string_view> groups(pieces.size());
  std::string out;
  size_t last_end = 0;
  for (size_t from = 0; from <= text.size() && out.size() <= limit;) {
    if (!regex.Match({text.data(), text.size()}, from, text.size(), re2::RE2::UNANCHORED,
                     pieces.data(), static_cast<int>(pieces.size()))) {
      break;
    }
    const auto begin = static_cast<size_t>(pieces[0].data() - text.data());
    const size_t end = begin + pieces[0].size();
    out += text.substr(last_end, begin - last_end);
    // An empty match right behind another match does not count.
    if (end > last_end || begin == 0) {
      for (size_t i = 0; i < pieces.size(); ++i) groups[i] = {pieces[i].data(), pieces[i].size()};
      out += ExpandTemplate(replacement, groups, regex);
    }
    last_end = end;
    const size_t width = from < text.size() ? DecodeUtf8(text.substr(from)).size : 1;
    from = end > from ? std::max(end, from + width) : from + width;
  }
  out += text.substr(last_end);
  return TextResult(context, std::move(out));
}

Result Match(CallContext&, Args args) {
  ASSIGN_OR_RETURN(const auto regex, Compile(args[0].text()));
  const std::string_view text = args[1].text();
  return Value::Bool(re2::RE2::PartialMatch({text.data(), text.size()}, *regex));
}

Result ToUpper(CallContext& context, Args args) {
  return TextResult(context, ToUpperUtf8(args[0].text()));
}

Result ToLower(CallContext& context, Args args) {
  return TextResult(context, ToLowerUtf8(args[0].text()));
}

// Where words begin, by Unicode's rules: an apostrophe, point or colon between letters does not end
// one, twice in a row they do; digits and underscores belong to words.
class TitleCaser {
 public:
  uint32_t operator()(uint32_t code) {
    const bool is_middle = code == '\'' || code == '.' || code == ':' || code == 0xb7 ||
                           code == 0x2018 || code == 0x2019 || code == 0x2024 || code == 0x2027;
    if (was_middle_ && is_middle) is_in_word_ = false;
    was_middle_ = is_middle;
    if (is_middle) return code;
    const bool is_cased = ToUpperRune(code) != code || ToLowerRune(code) != code;
    if (is_cased) return std::exchange(is_in_word_, true) ? code : ToUpperRune(code);
    const bool is_part = IsLetterRune(code) || code == '_' ||
                         (code < 0x80 && absl::ascii_isdigit(static_cast<unsigned char>(code)));
    if (!is_part) is_in_word_ = false;
    return code;
  }

 private:
  bool is_in_word_ = false, was_middle_ = false;
};

Result Title(CallContext& context, Args args) {
  const std::string_view text = args[0].text();
  TitleCaser caser;
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const Utf8Rune rune = DecodeUtf8(text.substr(i));
    AppendUtf8(out, caser(rune.code));
    i += rune.size;
  }
  return TextResult(context, std::move(out));
}

struct HostPort {
  std::string_view host, port;
};

// Go's net.SplitHostPort; nullopt where it would fail.
std::optional<HostPort> SplitHostPort(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  size_t open_from = 0, close_from = 0;
  HostPort result;
  if (text[0] == '[') {
    const size_t end = text.find(']');
    if (end == std::string_view::npos || end + 1 != colon) return std::nullopt;
    result.host = text.substr(1, end - 1);
    open_from = 1;
    close_from = end + 1;
  } else {
    result.host = text.substr(0, colon);
    if (result.host.find(':') != std::string_view::npos) return std::nullopt;
  }
  if (text.find('[', open_from) != std::string_view::npos) return std::nullopt;
  if (text.find(']', close_from) != std::string_view::npos) return std::nullopt;
  result.port = text.substr(colon + 1);
  return result;
}

bool IsIp(std::string_view host) {
  const std::string text(host);
  if (text.size() != host.size() || text.find('\0') != std::string::npos) return false;
  unsigned char buffer[sizeof(in6_addr)];
  return inet_pton(AF_INET, text.c_str(), buffer) == 1 ||
         inet_pton(AF_INET6, text.c_str(), buffer) == 1;
}

Result StripPort(CallContext&, Args args) {
  const auto parts = SplitHostPort(args[0].text());
  return parts ? Value::Part(parts->host, args[0]) : args[0];
}

Result StripDomain(CallContext& context, Args args) {
  const HostPort parts = SplitHostPort(args[0].text()).value_or(HostPort{args[0].text(), ""});
  if (IsIp(parts.host)) return args[0];
  const std::string_view host = parts.host.substr(0, parts.host.find('.'));
  if (parts.port.empty()) return Value::Part(host, args[0]);
  const bool has_colon = host.find(':') != std::string_view::npos;
  return TextResult(
      context, has_colon ? StrCat("[", host, "]:", parts.port) : StrCat(host, ":", parts.port));
}

Result GraphLink(CallContext& context, Args args) {
  return TextResult(context, GraphPath(args[0].text(), GraphTab::kGraph));
}

Result TableLink(CallContext& context, Args args) {
  return TextResult(context, GraphPath(args[0].text(), GraphTab::kTable));
}

Result UrlQueryEscape(CallContext& context, Args args) {
  return TextResult(context, FormEscape(args[0].text()));
}

Result SafeHtml(CallContext&, Args args) {
  return Value::String(std::string(args[0].text()), GoType::kHtml);
}

int HexDigit(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (!absl::ascii_isxdigit(byte)) return -1;
  return absl::ascii_isdigit(byte) ? c - '0' : absl::ascii_tolower(byte) - 'a' + 10;
}

Result ExternalUrl(CallContext& context, Args) {
  return TextResult(context, context.environment.external_url);
}

// The path of the external URL, unescaped.
Result PathPrefix(CallContext& context, Args) {
  std::string_view url = context.environment.external_url;
  const size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url.remove_prefix(std::min(url.find('/'), url.size()));
  url = url.substr(0, url.find_first_of("?#"));
  std::string path;
  for (size_t i = 0; i < url.size(); ++i) {
    const int high = url[i] == '%' && i + 2 < url.size() ? HexDigit(url[i + 1]) : -1;
    const int low = high >= 0 ? HexDigit(url[i + 2]) : -1;
    path += low < 0 ? url[i] : static_cast<char>(high * 16 + low);
    if (low >= 0) i += 2;
  }
  return TextResult(context, std::move(path));
}

constexpr ParamType kTwoStrings[] = {ParamType::kString, ParamType::kString};
constexpr ParamType kThreeStrings[] = {ParamType::kString, ParamType::kString, ParamType::kString};

constexpr TemplateFunction kFunctions[] = {
    {"externalURL", {}, false, ExternalUrl},
    {"graphLink", kOneString, false, GraphLink},
    {"match", kTwoStrings, false, Match},
    {"pathPrefix", {}, false, PathPrefix},
    {"reReplaceAll", kThreeStrings, false, ReReplaceAll},
    {"safeHtml", kOneString, false, SafeHtml},
    {"stripDomain", kOneString, false, StripDomain},
    {"stripPort", kOneString, false, StripPort},
    {"tableLink", kOneString, false, TableLink},
    {"title", kOneString, false, Title},
    {"toLower", kOneString, false, ToLower},
    {"toUpper", kOneString, false, ToUpper},
    {"urlQueryEscape", kOneString, false, UrlQueryEscape},
};

}  // namespace

std::span<const TemplateFunction> TextFunctions() { return kFunctions; }

}  // namespace sloburn::rules
