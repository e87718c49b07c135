// SPDX-License-Identifier: Apache-2.0
#include "engine/model/labels.h"

#include <xxhash.h>

#include <algorithm>
#include <optional>

#include "base/utf8.h"
#include "parser/parser.h"

namespace sloburn {
namespace {

// One byte below 255; otherwise 0xFF and three bytes, lowest first.
void AppendLength(std::string& out, size_t length) {
  if (length < 255) {
    out += static_cast<char>(length);
    return;
  }
  out += '\xff';
  out += static_cast<char>(length & 255);
  out += static_cast<char>(length >> 8 & 255);
  out += static_cast<char>(length >> 16 & 255);
}

std::string_view TakeText(const char*& here) {
  const auto byte = [&here] { return static_cast<size_t>(static_cast<unsigned char>(*here++)); };
  size_t length = byte();
  if (length == 255) {
    length = byte();
    length |= byte() << 8;
    length |= byte() << 16;
  }
  const std::string_view text(here, length);
  here += length;
  return text;
}

// As TakeText, of bytes that may end anywhere; null where they do.
std::optional<std::string_view> TakeTextWithin(std::string_view& bytes) {
  size_t head = 1;
  if (bytes.empty()) return std::nullopt;
  size_t length = static_cast<unsigned char>(bytes[0]);
  if (length == 255) {
    head = 4;
    if (bytes.size() < head) return std::nullopt;
    const char* here = bytes.data();
    length = 0;
    for (int i = 3; i > 0; --i) length = length << 8 | static_cast<unsigned char>(here[i]);
  }
  if (bytes.size() - head < length) return std::nullopt;
  const std::string_view text = bytes.substr(head, length);
  bytes.remove_prefix(head + length);
  return text;
}

constexpr uint64_t kEmptyHash = 0xef46db3751d8e999;  // xxHash64 of no bytes

}  // namespace

Labels::Iterator::Iterator(const char* here, const char* end)
    : here_(here), next_(here), end_(end) {
  Decode();
}

void Labels::Iterator::Decode() {
  here_ = next_;
  if (here_ == end_) return;
  name_ = TakeText(next_);
  value_ = TakeText(next_);
}

Labels::Iterator& Labels::Iterator::operator++() {
  Decode();
  return *this;
}

bool IsValidLabelName(std::string_view name) { return !name.empty() && IsValidUtf8(name); }

void AppendLabelBytes(std::string& out, std::string_view name, std::string_view value) {
  AppendLength(out, name.size());
  out += name;
  AppendLength(out, value.size());
  out += value;
}

Labels::Labels(std::string bytes) {
  if (bytes.empty()) return;
  bytes.shrink_to_fit();
  const uint64_t hash = XXH64(bytes.data(), bytes.size(), 0);
  rep_ = std::make_shared<const Rep>(Rep{std::move(bytes), hash});
}

absl::StatusOr<Labels> Labels::ParseBytes(std::string_view bytes) {
  std::string_view left = bytes, before;
  while (!left.empty()) {
    const auto name = TakeTextWithin(left);
    const auto value = name ? TakeTextWithin(left) : std::nullopt;
    if (!value) return absl::DataLossError("the label set is cut");
    if (name->empty() || value->empty()) {
      return absl::DataLossError("the label set has an empty name or value");
    }
    if (*name <= before) return absl::DataLossError("the names of the label set do not ascend");
    before = *name;
  }
  return FromBytes(bytes);
}

Labels Labels::FromPairs(std::vector<Label> pairs) {
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const Label& a, const Label& b) { return a.name < b.name; });
  std::string bytes;
  for (size_t i = 0; i < pairs.size(); ++i) {
    const bool is_overridden = i + 1 < pairs.size() && pairs[i + 1].name == pairs[i].name;
    if (is_overridden || pairs[i].value.empty()) continue;
    AppendLabelBytes(bytes, pairs[i].name, pairs[i].value);
  }
  return Labels(std::move(bytes));
}

Labels Labels::FromSorted(
    const std::vector<std::pair<std::string_view, std::string_view>>& pairs) {
  std::string bytes;
  for (const auto& [name, value] : pairs) AppendLabelBytes(bytes, name, value);
  return Labels(std::move(bytes));
}

std::string_view Labels::Get(std::string_view name) const {
  for (const auto [candidate, value] : *this) {
    if (candidate == name) return value;
  }
  return {};
}

bool Labels::Has(std::string_view name) const { return !Get(name).empty(); }

size_t Labels::size() const {
  size_t count = 0;
  for ([[maybe_unused]] const auto pair : *this) ++count;
  return count;
}

Labels::Iterator Labels::begin() const {
  const std::string_view all = bytes();
  return Iterator(all.data(), all.data() + all.size());
}

Labels::Iterator Labels::end() const {
  const std::string_view all = bytes();
  return Iterator(all.data() + all.size(), all.data() + all.size());
}

uint64_t Labels::hash() const { return rep_ ? rep_->hash : kEmptyHash; }

std::string_view Labels::bytes() const {
  return rep_ ? std::string_view(rep_->bytes) : std::string_view();
}

std::vector<Label> Labels::ToPairs() const {
  std::vector<Label> pairs;
  for (const auto [name, value] : *this) pairs.push_back({std::string(name), std::string(value)});
  return pairs;
}

std::string Labels::PrintPairs(bool with_name) const {
  std::string out;
  for (const auto [name, value] : *this) {
    if (name == kMetricName && !with_name) continue;
    if (!out.empty()) out += ", ";
    AppendLabelText(out, name, value);
  }
  return out;
}

std::string Labels::ToString() const {
  const std::string name(Get(kMetricName));
  const std::string pairs = PrintPairs(false);
  if (!name.empty() && pairs.empty()) return name;
  return name + "{" + pairs + "}";
}

std::string Labels::ToBraces() const { return "{" + PrintPairs(true) + "}"; }

void AppendLabelText(std::string& out, std::string_view name, std::string_view value) {
  out += parser::IsLegacyLabelName(name) ? std::string(name) : GoQuote(name);
  out += '=';
  out += GoQuote(value);
}

bool operator<(const Labels& a, const Labels& b) {
  auto i = a.begin();
  auto j = b.begin();
  for (; i != a.end() && j != b.end(); ++i, ++j) {
    const auto [name_a, value_a] = *i;
    const auto [name_b, value_b] = *j;
    if (name_a != name_b) return name_a < name_b;
    if (value_a != value_b) return value_a < value_b;
  }
  return !(i != a.end()) && j != b.end();
}

}  // namespace sloburn
