// SPDX-License-Identifier: Apache-2.0
#include "web/api/result_json.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <variant>
#include <vector>

#include "base/float_text.h"
#include "base/json_writer.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "web/api/json_values.h"

namespace sloburn::web {
namespace {

// All whole numbers below this are exact doubles and are written by the integer writer.
constexpr double kExactIntegers = 9007199254740992.0;

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

// Writes at most 40 bytes: kinds with more digits use the exponent form.
char* WriteValue(char* at, char* end, double value) {
  if (std::fabs(value) < kExactIntegers && value == std::trunc(value) &&
      !(value == 0 && std::signbit(value))) {
    return std::to_chars(at, end, static_cast<int64_t>(value)).ptr;
  }
  std::string text;
  AppendSampleValue(text, value);
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

void AppendPoint(std::string& out, TimestampTexts& times, int64_t timestamp_ms, double value) {
  char buffer[96];
  char* at = buffer;
  *at++ = '[';
  at = times.Write(at, timestamp_ms);
  *at++ = ',';
  *at++ = '"';
  at = WriteValue(at, buffer + sizeof buffer, value);
  *at++ = '"';
  *at++ = ']';
  out.append(buffer, at);
}

absl::Status CheckSize(const std::string& out, int64_t max_bytes) {
  if (static_cast<int64_t>(out.size()) <= max_bytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      StrCat("the result is larger than ", max_bytes,
                   " bytes of JSON; select fewer series or use a larger step"));
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
      out += R"(,"value":)";
      times.StartSeries();
      AppendPoint(out, times, sample.timestamp_ms, sample.value);
      out += '}';
      RETURN_IF_ERROR(CheckSize(out, max_bytes));
    }
    out += ']';
    return absl::OkStatus();
  }

  absl::Status operator()(const Matrix& matrix) {
    out += '[';
    bool is_first = true;
    for (const SeriesSamples& series : matrix) {
      out += is_first ? R"({"metric":)" : R"(,{"metric":)";
      is_first = false;
      AppendLabelsJson(out, series.labels);
      AppendPoints(series.samples);
      out += '}';
      RETURN_IF_ERROR(CheckSize(out, max_bytes));
    }
    out += ']';
    return absl::OkStatus();
  }

  void AppendPoints(const std::vector<Sample>& samples) {
    times.StartSeries();
    for (size_t i = 0; i < samples.size(); ++i) {
      out += i == 0 ? R"(,"values":[)" : ",";
      AppendPoint(out, times, samples[i].timestamp_ms, samples[i].value);
    }
    if (!samples.empty()) out += ']';
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
