// SPDX-License-Identifier: Apache-2.0
#include "engine/model/histogram_text.h"

#include <charconv>
#include <set>

#include "base/float_text.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "engine/model/histogram_buckets.h"

namespace sloburn {
namespace {

void AppendBucket(std::string& out, const HistogramBucket& bucket) {
  if (bucket.count == 0) return;
  StrAppend(&out, ", ", bucket.includes_lower ? "[" : "(", FormatFloatG(bucket.lower), ",",
            FormatFloatG(bucket.upper), bucket.includes_upper ? "]" : ")", ":",
            FormatFloatG(bucket.count));
}

std::string List(const std::vector<double>& values) {
  std::string out = "[";
  for (const double value : values) {
    if (out.size() > 1) out += ' ';
    out += FormatFloatG(value);
  }
  return out + "]";
}

// From the first to the last bucket that is not empty, gaps filled.
void AppendSide(std::string& out, const BucketSide& side, std::string_view offset_key,
                std::string_view buckets_key) {
  std::vector<double> counts;
  int32_t first = 0;
  for (BucketCursor cursor(side); cursor.is_valid(); cursor.Next()) {
    if (cursor.count() == 0) continue;
    if (counts.empty()) first = cursor.index();
    counts.resize(cursor.index() - first, 0);
    counts.push_back(cursor.count());
  }
  if (counts.empty()) return;
  if (first != 0) StrAppend(&out, " ", offset_key, ":", first);
  StrAppend(&out, " ", buckets_key, ":", List(counts));
}

// Reads `key:value` pairs between {{ and }}.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  absl::StatusOr<HistogramText> Run() {
    if (!text_.starts_with("{{") || !text_.ends_with("}}") || text_.size() < 4) {
      return Bad("expected {{...}}");
    }
    text_ = text_.substr(2, text_.size() - 4);
    while (SkipSpaces(), !text_.empty()) RETURN_IF_ERROR(Item());
    result_.histogram.positive = SideOf(buckets_, offset_);
    result_.histogram.negative = SideOf(negative_buckets_, negative_offset_);
    return std::move(result_);
  }

 private:
  static absl::Status Bad(std::string_view message) {
    return absl::InvalidArgumentError(StrCat("histogram description: ", message));
  }

  void SkipSpaces() {
    while (!text_.empty() && (text_[0] == ' ' || text_[0] == '\t')) text_.remove_prefix(1);
  }

  std::string_view TakeUntil(std::string_view stops) {
    const size_t end = std::min(text_.find_first_of(stops), text_.size());
    const std::string_view taken = text_.substr(0, end);
    text_.remove_prefix(end);
    return taken;
  }

  absl::Status Item() {
    const std::string_view key = TakeUntil(": \t");
    if (text_.empty() || text_[0] != ':') {
      return Bad(StrCat("missing `:` for histogram descriptor ", GoQuote(key)));
    }
    text_.remove_prefix(1);
    if (!seen_.insert(std::string(key)).second) {
      return Bad(StrCat("duplicate key ", GoQuote(key), " in histogram"));
    }
    Histogram& h = result_.histogram;
    if (key == "schema") return TakeInt(key, h.schema);
    if (key == "offset") return TakeInt(key, offset_);
    if (key == "n_offset") return TakeInt(key, negative_offset_);
    if (key == "sum") return TakeFloat(key, h.sum);
    if (key == "count") return TakeFloat(key, h.count);
    if (key == "z_bucket") return TakeFloat(key, h.zero_count);
    if (key == "z_bucket_w") return TakeFloat(key, h.zero_threshold);
    if (key == "buckets") return TakeList(key, buckets_);
    if (key == "n_buckets") return TakeList(key, negative_buckets_);
    if (key == "custom_values") return TakeList(key, h.custom_values);
    if (key == "counter_reset_hint") return TakeHint();
    return Bad(StrCat("bad histogram descriptor found: ", GoQuote(key)));
  }

  absl::Status TakeInt(std::string_view key, int32_t& value) {
    const std::string_view word = TakeUntil(" \t");
    const char* const end = word.data() + word.size();
    const auto [rest, error] = std::from_chars(word.data(), end, value);
    if (error == std::errc() && rest == end) return absl::OkStatus();
    return Bad(StrCat("error parsing ", key, " number: ", word));
  }

  absl::Status TakeFloat(std::string_view key, double& value) {
    return ToFloat(key, TakeUntil(" \t"), value);
  }

  static absl::Status ToFloat(std::string_view key, std::string_view word, double& value) {
    const auto parsed = ParseGoFloat(word);
    if (!parsed) return Bad(StrCat("error parsing ", key, " number: ", word));
    value = *parsed;
    return absl::OkStatus();
  }

  absl::Status TakeList(std::string_view key, std::vector<double>& values) {
    if (text_.empty() || text_[0] != '[') return Bad(StrCat("expected [ after ", key, ":"));
    text_.remove_prefix(1);
    while (SkipSpaces(), !text_.empty() && text_[0] != ']') {
      RETURN_IF_ERROR(ToFloat(key, TakeUntil(" \t]"), values.emplace_back()));
    }
    if (text_.empty()) return Bad(StrCat("missing ] after ", key));
    text_.remove_prefix(1);
    return absl::OkStatus();
  }

  absl::Status TakeHint() {
    const std::string_view word = TakeUntil(" \t");
    result_.has_reset_hint = true;
    CounterResetHint& hint = result_.histogram.reset_hint;
    if (word == "unknown") {
      hint = CounterResetHint::kUnknown;
    } else if (word == "reset") {
      hint = CounterResetHint::kReset;
    } else if (word == "not_reset") {
      hint = CounterResetHint::kNotReset;
    } else if (word == "gauge") {
      hint = CounterResetHint::kGauge;
    } else {
      return Bad(StrCat("error parsing counter_reset_hint: unknown value ", word));
    }
    return absl::OkStatus();
  }

  static BucketSide SideOf(std::vector<double>& counts, int32_t offset) {
    BucketSide side;
    if (!counts.empty()) side.spans = {{offset, static_cast<uint32_t>(counts.size())}};
    side.counts = std::move(counts);
    return side;
  }

  std::string_view text_;
  HistogramText result_;
  std::set<std::string> seen_;
  std::vector<double> buckets_, negative_buckets_;
  int32_t offset_ = 0, negative_offset_ = 0;
};

}  // namespace

std::string ToString(const Histogram& histogram) {
  std::string out = StrCat("{count:", FormatFloatG(histogram.count),
                           ", sum:", FormatFloatG(histogram.sum));
  const auto negative = SideBuckets(histogram, false);
  for (size_t i = negative.size(); i-- > 0;) AppendBucket(out, negative[i]);
  AppendBucket(out, ZeroBucket(histogram));
  for (const HistogramBucket& bucket : SideBuckets(histogram, true)) AppendBucket(out, bucket);
  return out + "}";
}

std::string ToTestExpression(const Histogram& h) {
  std::string out;
  const auto add_number = [&out](std::string_view key, double value) {
    if (value != 0) StrAppend(&out, " ", key, ":", FormatFloatG(value));
  };
  if (h.schema != 0) StrAppend(&out, " schema:", h.schema);
  add_number("count", h.count);
  add_number("sum", h.sum);
  add_number("z_bucket", h.zero_count);
  add_number("z_bucket_w", h.zero_threshold);
  if (h.uses_custom_buckets()) StrAppend(&out, " custom_values:", List(h.custom_values));
  switch (h.reset_hint) {
    case CounterResetHint::kUnknown: break;
    case CounterResetHint::kReset: out += " counter_reset_hint:reset"; break;
    case CounterResetHint::kNotReset: out += " counter_reset_hint:not_reset"; break;
    case CounterResetHint::kGauge: out += " counter_reset_hint:gauge"; break;
  }
  AppendSide(out, h.positive, "offset", "buckets");
  AppendSide(out, h.negative, "n_offset", "n_buckets");
  return StrCat("{{", out.empty() ? out : out.substr(1), "}}");
}

absl::StatusOr<HistogramText> ParseTestExpression(std::string_view text) {
  return Reader(text).Run();
}

}  // namespace sloburn
