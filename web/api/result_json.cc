// SPDX-License-Identifier: Apache-2.0
#include "web/api/result_json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <iterator>
#include <variant>
#include <vector>

#include "base/float_text.h"
#include "base/json_writer.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/model/histogram_buckets.h"
#include "web/api/json_values.h"

namespace sloburn::web {
namespace {

// All whole numbers below this are exact doubles and are written by the integer writer.
constexpr double kExactIntegers = 9007199254740992.0;
// The longest value is a fraction near 1e-6: sign, "0.00000" and 17 digits. A point adds brackets,
// quotes, commas and a timestamp.
constexpr int kMaxValueBytes = 40;
constexpr int kMaxPointBytes = kMaxValueBytes + 32;
// What a point takes on average, roughly; for the size of the first allocation.
constexpr int64_t kTypicalPointBytes = 28;

// The texts of the timestamps of the first series, reused for the others: the steps of a range
// query are the same for all series.
class TimestampTexts {
 public:
  void StartSeries() { next_ = 0; }

  // Copies the text to `at` and returns its end. Writes at most 24 bytes.
  char* Write(char* at, int64_t timestamp_ms) {
    while (next_ < entries_.size() && entries_[next_].timestamp_ms < timestamp_ms) ++next_;
    if (next_ == entries_.size()) Add(timestamp_ms);
    if (next_ < entries_.size() && entries_[next_].timestamp_ms == timestamp_ms) {
      const Entry& entry = entries_[next_++];
      std::memcpy(at, entry.text, sizeof entry.text);
      return at + entry.size;
    }
    scratch_.clear();
    AppendTimestampJson(scratch_, timestamp_ms);
    std::memcpy(at, scratch_.data(), scratch_.size());
    return at + scratch_.size();
  }

 private:
  struct Entry {
    int64_t timestamp_ms;
    unsigned char size;
    char text[23];  // the longest: sign, 16 digits, point, 3 digits
  };

  void Add(int64_t timestamp_ms) {
    if (entries_.size() >= kMaxEntries) return;
    scratch_.clear();
    AppendTimestampJson(scratch_, timestamp_ms);
    Entry entry{timestamp_ms, static_cast<unsigned char>(scratch_.size()), {}};
    std::memcpy(entry.text, scratch_.data(), scratch_.size());
    entries_.push_back(entry);
  }

  static constexpr size_t kMaxEntries = 1 << 14;
  std::vector<Entry> entries_;  // ascending
  size_t next_ = 0;
  std::string scratch_;
};

// `thousandths` / 1000 with its trailing zeros cut.
char* WriteThousandths(char* at, char* end, int64_t thousandths) {
  if (thousandths < 0) {
    *at++ = '-';
    thousandths = -thousandths;
  }
  at = std::to_chars(at, end, thousandths / 1000).ptr;
  int rest = static_cast<int>(thousandths % 1000);
  *at++ = '.';
  for (int unit = 100; rest != 0; unit /= 10) {
    *at++ = static_cast<char>('0' + rest / unit);
    rest %= unit;
  }
  return at;
}

// Writes what AppendSampleValue appends, at most kMaxValueBytes.
char* WriteValue(char* at, char* end, double value) {
  const double magnitude = std::fabs(value);
  if (magnitude < kExactIntegers && (magnitude >= 1e-6 || (value == 0 && !std::signbit(value)))) {
    if (value == std::trunc(value)) {
      return std::to_chars(at, end, static_cast<int64_t>(value)).ptr;
    }
    // Two decimals of at most 15 digits are never the same double, so one that gives `value` back
    // is the shortest text there is.
    const double thousandths = value * 1000;
    if (magnitude < 1e12 && thousandths == std::trunc(thousandths) && thousandths / 1000 == value) {
      return WriteThousandths(at, end, static_cast<int64_t>(thousandths));
    }
    return std::to_chars(at, end, value, std::chars_format::fixed).ptr;
  }
  std::string text;
  AppendSampleValue(text, value);
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

// Collects points in a block that stays in the cache and moves it to the answer when it is full.
class PointBlock {
 public:
  explicit PointBlock(std::string& out) : out_(out), at_(block_) {}
  ~PointBlock() { Flush(); }

  // [1435781451.781,"1"]
  void Append(TimestampTexts& times, int64_t timestamp_ms, double value, bool is_first) {
    if (block_ + sizeof block_ - at_ < kMaxPointBytes) Flush();
    if (!is_first) *at_++ = ',';
    *at_++ = '[';
    at_ = times.Write(at_, timestamp_ms);
    *at_++ = ',';
    *at_++ = '"';
    at_ = WriteValue(at_, at_ + kMaxValueBytes, value);
    *at_++ = '"';
    *at_++ = ']';
  }

  void Flush() {
    out_.append(block_, at_);
    at_ = block_;
  }

 private:
  std::string& out_;
  char* at_;
  char block_[16 << 10];
};

absl::Status CheckSize(const std::string& out, int64_t max_bytes) {
  if (static_cast<int64_t>(out.size()) <= max_bytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      StrCat("the result is larger than ", max_bytes,
             " bytes of JSON; select fewer series or use a larger step"));
}

// 0: (l,u]  1: [l,u)  2: (l,u)  3: [l,u]
int BoundsCode(const HistogramBucket& bucket) {
  if (bucket.includes_lower) return bucket.includes_upper ? 3 : 1;
  return bucket.includes_upper ? 0 : 2;
}

void AppendQuotedFloat(std::string& out, double value) {
  out += '"';
  AppendSampleValue(out, value);
  out += '"';
}

// [1435781451.781,{"count":"3","sum":"5","buckets":[[0,"1","2","3"]]}]
void AppendHistogramPoint(std::string& out, int64_t timestamp_ms, const Histogram& histogram) {
  out += '[';
  AppendTimestampJson(out, timestamp_ms);
  out += R"(,{"count":)";
  AppendQuotedFloat(out, histogram.count);
  out += R"(,"sum":)";
  AppendQuotedFloat(out, histogram.sum);
  bool is_first = true;
  for (const HistogramBucket& bucket : AllBuckets(histogram)) {
    if (bucket.count == 0) continue;
    out += is_first ? R"(,"buckets":[[)" : ",[";
    is_first = false;
    out += static_cast<char>('0' + BoundsCode(bucket));
    for (const double value : {bucket.lower, bucket.upper, bucket.count}) {
      out += ',';
      AppendQuotedFloat(out, value);
    }
    out += ']';
  }
  out += is_first ? "}]" : "]}]";
}

struct ResultWriter {
  std::string& out;
  int64_t max_bytes;
  TimestampTexts times;

  absl::Status operator()(const ScalarResult& scalar) {
    // Scalars and strings are written by another encoder than series: 1.5, not 1.500, and values
    // never with an exponent.
    out += '[';
    AppendNumberJson(out, static_cast<double>(scalar.timestamp_ms) / 1000);
    out += ",\"";
    AppendFloatF(out, scalar.value);
    out += "\"]";
    return absl::OkStatus();
  }

  absl::Status operator()(const StringResult& text) {
    out += '[';
    AppendNumberJson(out, static_cast<double>(text.timestamp_ms) / 1000);
    out += ',';
    AppendJsonString(out, text.value, /*html_escape=*/true);
    out += ']';
    return CheckSize(out, max_bytes);
  }

  absl::Status operator()(const InstantVector& vector) {
    out += '[';
    bool is_first = true;
    for (const SeriesSample& sample : vector) {
      out += is_first ? R"({"metric":)" : R"(,{"metric":)";
      is_first = false;
      AppendLabelsJson(out, sample.labels);
      if (sample.histogram != nullptr) {
        out += R"(,"histogram":)";
        AppendHistogramPoint(out, sample.timestamp_ms, *sample.histogram);
      } else {
        out += R"(,"value":)";
        times.StartSeries();
        PointBlock(out).Append(times, sample.timestamp_ms, sample.value, /*is_first=*/true);
      }
      out += '}';
      RETURN_IF_ERROR(CheckSize(out, max_bytes));
    }
    out += ']';
    return absl::OkStatus();
  }

  absl::Status operator()(const Matrix& matrix) {
    int64_t points = 0;
    for (const SeriesSamples& series : matrix) points += std::ssize(series.samples);
    out.reserve(out.size() + std::min(points * kTypicalPointBytes, max_bytes));
    out += '[';
    bool is_first = true;
    for (const SeriesSamples& series : matrix) {
      out += is_first ? R"({"metric":)" : R"(,{"metric":)";
      is_first = false;
      AppendLabelsJson(out, series.labels);
      AppendPoints(series.samples);
      RETURN_IF_ERROR(AppendHistograms(series.histograms));
      out += '}';
      RETURN_IF_ERROR(CheckSize(out, max_bytes));
    }
    out += ']';
    return absl::OkStatus();
  }

  void AppendPoints(const std::vector<Sample>& samples) {
    if (samples.empty()) return;
    out += R"(,"values":[)";
    times.StartSeries();
    PointBlock block(out);
    for (const Sample& sample : samples) {
      block.Append(times, sample.timestamp_ms, sample.value, &sample == &samples.front());
    }
    block.Flush();
    out += ']';
  }

  absl::Status AppendHistograms(const std::vector<HistogramSample>& samples) {
    if (samples.empty()) return absl::OkStatus();
    out += R"(,"histograms":[)";
    for (const HistogramSample& sample : samples) {
      if (&sample != &samples.front()) out += ',';
      AppendHistogramPoint(out, sample.timestamp_ms, *sample.histogram);
      RETURN_IF_ERROR(CheckSize(out, max_bytes));
    }
    out += ']';
    return absl::OkStatus();
  }
};

template <typename T>
bool Truncate(std::vector<T>& entries, int64_t limit) {
  if (limit <= 0 || static_cast<int64_t>(entries.size()) <= limit) return false;
  entries.resize(limit);
  return true;
}

}  // namespace

std::string_view ResultTypeText(const QueryValue& value) {
  if (std::holds_alternative<Matrix>(value)) return "matrix";
  if (std::holds_alternative<InstantVector>(value)) return "vector";
  return std::holds_alternative<ScalarResult>(value) ? "scalar" : "string";
}

absl::Status AppendResultJson(std::string& out, const QueryValue& value, int64_t max_bytes) {
  return std::visit(ResultWriter{out, max_bytes, {}}, value);
}

bool TruncateResult(QueryValue& value, int64_t limit) {
  if (auto* vector = std::get_if<InstantVector>(&value)) return Truncate(*vector, limit);
  if (auto* matrix = std::get_if<Matrix>(&value)) return Truncate(*matrix, limit);
  return false;
}

}  // namespace sloburn::web
