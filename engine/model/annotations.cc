// SPDX-License-Identifier: Apache-2.0
#include "engine/model/annotations.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "base/float_text.h"
#include "base/str_cat.h"
#include "base/utf8.h"

namespace sloburn {
namespace {

std::string Rfc3339(int64_t ms) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(ms / 1000),
                          absl::UTCTimeZone());
}

std::string Describe(const ForcedMonotonicity& extent) {
  return absl::StrCat(", from buckets ", FormatFloatG(extent.min_bucket), " to ",
                      FormatFloatG(extent.max_bucket), ", with a max diff of ",
                      absl::StrFormat("%.2g", extent.max_difference), ", over ", extent.samples,
                      " samples from ", Rfc3339(extent.first_ms), " to ",
                      Rfc3339(extent.last_ms));
}

// Prometheus evaluates from left to right, and an expression after those within it.
bool IsEvaluatedLater(const parser::SourceRange& a, const parser::SourceRange& b) {
  return a.end != b.end ? a.end > b.end : a.begin < b.begin;
}

}  // namespace

Annotations::Note& Annotations::Find(bool is_warning, parser::SourceRange place,
                                     std::string_view text) {
  const auto found = by_text_.find(text);
  if (found != by_text_.end()) return notes_[found->second];
  by_text_.emplace(std::string(text), notes_.size());
  Note& note = notes_.emplace_back();
  note.is_warning = is_warning;
  note.text = std::string(text);
  note.place = place;
  return note;
}

void Annotations::Warn(parser::SourceRange place, std::string_view text) {
  Note& note = Find(true, place, text);
  if (IsEvaluatedLater(place, note.place)) note.place = place;
}

void Annotations::Inform(parser::SourceRange place, std::string_view text) {
  Note& note = Find(false, place, text);
  if (IsEvaluatedLater(place, note.place)) note.place = place;
}

void Annotations::WarnCounted(parser::SourceRange place, std::string_view text,
                              int64_t occurrences) {
  Note& note = Find(true, place, text);
  if (IsEvaluatedLater(note.place, place)) note.place = place;
  note.occurrences += occurrences;
}

void Annotations::InformForcedMonotonicity(parser::SourceRange place, std::string_view text,
                                           const ForcedMonotonicity& extent) {
  Note& note = Find(false, place, text);
  if (IsEvaluatedLater(note.place, place)) note.place = place;
  if (!note.has_extent) {
    note.has_extent = true;
    note.extent = extent;
    return;
  }
  ForcedMonotonicity& all = note.extent;
  all.min_bucket = std::min(all.min_bucket, extent.min_bucket);
  all.max_bucket = std::max(all.max_bucket, extent.max_bucket);
  all.max_difference = std::max(all.max_difference, extent.max_difference);
  all.first_ms = std::min(all.first_ms, extent.first_ms);
  all.last_ms = std::max(all.last_ms, extent.last_ms);
  all.samples += extent.samples;
}

std::vector<std::string> Annotations::Texts(bool warnings, std::string_view query) const {
  std::vector<std::string> texts;
  for (const Note& note : notes_) {
    if (note.is_warning != warnings) continue;
    std::string text = absl::StrCat(warnings ? "PromQL warning: " : "PromQL info: ", note.text);
    if (!query.empty()) {
      if (note.has_extent) text += Describe(note.extent);
      if (note.occurrences > 1) absl::StrAppend(&text, " (", note.occurrences, " occurrences)");
      const auto place = parser::LocateOffset(query, note.place.begin);
      text += place ? absl::StrCat(" (", place->line, ":", place->column, ")")
                    : " (unknown position)";
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

std::vector<std::string> Annotations::Warnings(std::string_view query) const {
  return Texts(true, query);
}

std::vector<std::string> Annotations::Infos(std::string_view query) const {
  return Texts(false, query);
}

std::string WithMetricName(std::string_view text, std::string_view metric) {
  std::string result(text);
  if (!metric.empty()) absl::StrAppend(&result, " for metric name ", GoQuote(metric));
  return result;
}

}  // namespace sloburn
