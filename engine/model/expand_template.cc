// SPDX-License-Identifier: Apache-2.0
#include "engine/model/expand_template.h"

#include <re2/re2.h>

#include "absl/strings/numbers.h"

namespace sloburn {
namespace {

struct GroupName {
  std::string name;
  size_t length;  // of the text after '$'; 0: not a name
};

// How long the run of letters, digits and underscores at the start is, in bytes.
size_t NameLength(std::string_view text) {
  static const re2::RE2* const word = new re2::RE2("[_\\pL\\p{Nd}]*");
  re2::StringPiece rest(text.data(), text.size());
  return re2::RE2::Consume(&rest, *word) ? text.size() - rest.size() : 0;
}

GroupName TakeName(std::string_view text) {
  const bool is_braced = !text.empty() && text[0] == '{';
  const size_t begin = is_braced ? 1 : 0;
  const size_t end = begin + NameLength(text.substr(begin));
  if (end == begin) return {"", 0};
  if (is_braced && (end >= text.size() || text[end] != '}')) return {"", 0};
  return {std::string(text.substr(begin, end - begin)), end + (is_braced ? 1 : 0)};
}

std::string_view GroupValue(const std::string& name, const std::vector<std::string_view>& groups,
                            const re2::RE2& regex) {
  int index = -1;
  // A leading zero makes it a name.
  const bool is_number =
      name.find_first_not_of("0123456789") == std::string::npos && (name == "0" || name[0] != '0');
  if (is_number) {
    if (!absl::SimpleAtoi(name, &index)) return {};
  } else {
    const auto& named = regex.NamedCapturingGroups();
    const auto found = named.find(name);
    if (found != named.end()) index = found->second;
  }
  if (index < 0 || static_cast<size_t>(index) >= groups.size()) return {};
  return groups[index];
}

}  // namespace

std::vector<std::string_view> MatchGroups(const re2::RE2& regex, std::string_view text) {
  const re2::StringPiece input(text.data(), text.size());
  std::vector<re2::StringPiece> pieces(1 + regex.NumberOfCapturingGroups());
  if (!regex.Match(input, 0, input.size(), re2::RE2::ANCHOR_BOTH, pieces.data(),
                   static_cast<int>(pieces.size()))) {
    return {};
  }
  std::vector<std::string_view> groups;
  for (const re2::StringPiece& piece : pieces) groups.emplace_back(piece.data(), piece.size());
  return groups;
}

std::string ExpandTemplate(std::string_view replacement,
                           const std::vector<std::string_view>& groups, const re2::RE2& regex) {
  std::string out;
  while (!replacement.empty()) {
    const size_t dollar = replacement.find('$');
    out += replacement.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    replacement.remove_prefix(dollar + 1);
    if (!replacement.empty() && replacement[0] == '$') {
      out += '$';
      replacement.remove_prefix(1);
      continue;
    }
    const GroupName group = TakeName(replacement);
    if (group.length == 0) {
      out += '$';
      continue;
    }
    out += GroupValue(group.name, groups, regex);
    replacement.remove_prefix(group.length);
  }
  return out;
}

}  // namespace sloburn
