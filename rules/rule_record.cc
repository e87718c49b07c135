// SPDX-License-Identifier: Apache-2.0
#include "rules/rule_record.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/storage/chunk/bytes.h"

namespace sloburn::rules {
namespace {

constexpr uint8_t kVersion = 1;
enum Kind : uint8_t { kGroup = 1, kRule = 2 };
constexpr std::string_view kPrefix = "rules/";
constexpr size_t kMaxRules = 1'000'000;  // of a group

enum AlertFlag : uint8_t {
  kHasFiredAt = 1,
  kHasResolvedAt = 2,
  kHasKeepFiringSince = 4,
  kHasLastSent = 8,
  kAwaitsDelivery = 16,
};

class Writer {
 public:
  Writer(Kind kind, std::string_view key) : bytes_(out_) {
    bytes_.Byte(kVersion);
    bytes_.Byte(kind);
    Text(key);
  }

  chunk::ByteWriter& bytes() { return bytes_; }
  void Text(std::string_view text) {
    bytes_.Varint(text.size());
    out_ += text;
  }
  void Time(absl::Time time) { bytes_.Signed(absl::ToUnixNanos(time)); }
  void Series(const std::vector<Labels>& series) {
    bytes_.Varint(series.size());
    for (const Labels& labels : series) Text(labels.bytes());
  }
  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
  chunk::ByteWriter bytes_;
};

class Reader {
 public:
  explicit Reader(std::string_view value) : bytes_(value) {}

  chunk::ByteReader& bytes() { return bytes_; }
  bool is_good() const { return !bytes_.failed() && status_.ok(); }

  std::string Text() {
    const uint64_t size = bytes_.Varint();
    if (bytes_.failed() || size > bytes_.left()) {
      status_ = absl::DataLossError("it ends early");
      return "";
    }
    std::string text(bytes_.data(), size);
    bytes_.Skip(size);
    return text;
  }
  absl::Time Time() { return absl::FromUnixNanos(bytes_.Signed()); }
  Labels OneLabels() {
    absl::StatusOr<Labels> labels = Labels::ParseBytes(Text());
    if (labels.ok()) return *std::move(labels);
    status_ = labels.status();
    return Labels();
  }
  std::vector<Labels> Series() {
    std::vector<Labels> series;
    const uint64_t size = bytes_.Varint();
    for (uint64_t i = 0; i < size && is_good(); ++i) series.push_back(OneLabels());
    return series;
  }
  absl::Status Finish() const {
    if (!status_.ok()) return status_;
    if (bytes_.failed()) return absl::DataLossError("it ends early");
    return bytes_.left() == 0 ? absl::OkStatus() : absl::DataLossError("it is too long");
  }

 private:
  chunk::ByteReader bytes_;
  absl::Status status_;
};

void WriteAlert(const Alert& alert, Writer& out) {
  uint8_t flags = alert.awaits_delivery() ? kAwaitsDelivery : 0;
  const auto set = [&](AlertFlag flag, absl::Time time) {
    if (time != absl::InfinitePast()) flags |= flag;
  };
  set(kHasFiredAt, alert.fired_at);
  set(kHasResolvedAt, alert.resolved_at);
  set(kHasKeepFiringSince, alert.keep_firing_since);
  set(kHasLastSent, alert.last_sent);
  out.bytes().Byte(flags);
  out.bytes().Byte(static_cast<uint8_t>(alert.state));
  out.Text(alert.labels.bytes());
  out.bytes().Varint(alert.annotations.size());
  for (const Label& annotation : alert.annotations) {
    out.Text(annotation.name);
    out.Text(annotation.value);
  }
  out.bytes().Word(std::bit_cast<uint64_t>(alert.value));
  out.Time(alert.active_at);
  for (const auto& [flag, time] : {std::pair(kHasFiredAt, alert.fired_at),
                                   std::pair(kHasResolvedAt, alert.resolved_at),
                                   std::pair(kHasKeepFiringSince, alert.keep_firing_since),
                                   std::pair(kHasLastSent, alert.last_sent)}) {
    if (flags & flag) out.Time(time);
  }
}

Alert ReadAlert(Reader& in) {
  Alert alert;
  const uint8_t flags = in.bytes().Byte(), state = in.bytes().Byte();
  alert.state = static_cast<AlertState>(std::min<uint8_t>(state, uint8_t(AlertState::kFiring)));
  alert.labels = in.OneLabels();
  const uint64_t annotations = in.bytes().Varint();
  for (uint64_t i = 0; i < annotations && in.is_good(); ++i) {
    std::string name = in.Text();
    alert.annotations.push_back({std::move(name), in.Text()});
  }
  alert.value = std::bit_cast<double>(in.bytes().Word());
  alert.active_at = in.Time();
  if (flags & kHasFiredAt) alert.fired_at = in.Time();
  if (flags & kHasResolvedAt) alert.resolved_at = in.Time();
  if (flags & kHasKeepFiringSince) alert.keep_firing_since = in.Time();
  if (flags & kHasLastSent) alert.last_sent = in.Time();
  if (flags & kAwaitsDelivery) alert.is_delivered = std::make_shared<std::atomic<bool>>(false);
  return alert;
}

struct DecodedRule {
  size_t index = 0;
  GroupState::Rule rule;
};

absl::StatusOr<DecodedRule> ReadRule(Reader& in) {
  DecodedRule rule;
  rule.index = in.bytes().Varint();
  if (rule.index > kMaxRules) return absl::DataLossError("its number is too large");
  rule.rule.identity = in.Text();
  rule.rule.state.is_restored = in.bytes().Byte() != 0;
  rule.rule.state.series = in.Series();
  std::vector<Alert> alerts;
  const uint64_t size = in.bytes().Varint();
  for (uint64_t i = 0; i < size && in.is_good(); ++i) alerts.push_back(ReadAlert(in));
  RETURN_IF_ERROR(in.Finish());
  rule.rule.state.alerts = AlertStates::FromAlerts(std::move(alerts));
  return rule;
}

// What the value says beside values and annotations.
bool SameAlert(const Alert& a, const Alert& b) {
  return a.state == b.state && a.active_at == b.active_at && a.fired_at == b.fired_at &&
         a.resolved_at == b.resolved_at && a.keep_firing_since == b.keep_firing_since &&
         a.last_sent == b.last_sent && a.labels == b.labels &&
         // Whether that was delivered may have changed meanwhile.
         !a.is_resolved();
}

}  // namespace

std::string GroupValueName(std::string_view key) { return StrCat(kPrefix, key); }

std::string RuleValueName(std::string_view key, size_t index) {
  return StrCat(kPrefix, key, "/", index);
}

std::vector<NamedValue> ForgottenValues(std::string_view key, size_t rules) {
  std::vector<NamedValue> values = {{GroupValueName(key), ""}};
  for (size_t i = 0; i < rules; ++i) values.push_back({RuleValueName(key, i), ""});
  return values;
}

NamedValue EncodeGroupRecord(std::string_view key, absl::Time evaluated_until,
                             const std::vector<Labels>& orphans) {
  Writer out(kGroup, key);
  out.Time(evaluated_until);
  out.Series(orphans);
  return {GroupValueName(key), out.Take()};
}

NamedValue EncodeRuleRecord(std::string_view key, size_t index, std::string_view identity,
                            const RuleState& state) {
  Writer out(kRule, key);
  out.bytes().Varint(index);
  out.Text(identity);
  out.bytes().Byte(state.is_restored ? 1 : 0);
  out.Series(state.series);
  out.bytes().Varint(state.alerts.alerts().size());
  for (const Alert& alert : state.alerts.alerts()) WriteAlert(alert, out);
  return {RuleValueName(key, index), out.Take()};
}

bool HasChanged(const RuleState& before, const RuleState& after) {
  const std::vector<Alert>&old = before.alerts.alerts(), &now = after.alerts.alerts();
  return before.is_restored != after.is_restored || before.series != after.series ||
         !std::equal(old.begin(), old.end(), now.begin(), now.end(), SameAlert);
}

std::map<std::string, GroupState> DecodeRecords(const std::vector<NamedValue>& values,
                                                 std::vector<std::string>& problems) {
  std::map<std::string, GroupState> groups;
  std::map<std::string, std::map<size_t, GroupState::Rule>> rules;
  for (const NamedValue& value : values) {
    if (!std::string_view(value.name).starts_with(kPrefix)) continue;
    Reader in(value.value);
    absl::Status status;
    const uint8_t version = in.bytes().Byte(), kind = in.bytes().Byte();
    const std::string key = in.Text();
    if (version != kVersion || (kind != kGroup && kind != kRule)) {
      status = absl::DataLossError("its version is not known");
    } else if (kind == kGroup) {
      GroupState group;
      group.evaluated_until = in.Time();
      group.has_gap = true;  // the process was not there since
      group.behind = "its slots since the last start are not evaluated yet";
      group.orphans = in.Series();
      status = in.Finish();
      if (status.ok()) groups[key] = std::move(group);
    } else {
      absl::StatusOr<DecodedRule> rule = ReadRule(in);
      status = rule.status();
      if (rule.ok()) rules[key][rule->index] = std::move(rule->rule);
    }
    if (status.ok()) continue;
    problems.push_back(StrCat("the state of a rule group, ", value.name,
                              ", cannot be read and is not used: ",
                              std::string(status.message())));
  }
  for (auto& [key, of_group] : rules) {
    const auto group = groups.find(key);
    if (group == groups.end()) continue;
    std::vector<GroupState::Rule>& list = group->second.rules;
    list.resize(of_group.rbegin()->first + 1);  // places of values that cannot be read stay empty
    for (auto& [index, rule] : of_group) list[index] = std::move(rule);
  }
  return groups;
}

}  // namespace sloburn::rules
