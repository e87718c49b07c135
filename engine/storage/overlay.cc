// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/overlay.h"

#include <algorithm>

#include "base/status_macros.h"

namespace sloburn {

// The samples of `base` (may be null) followed by those of `added` that are newer.
class JoinedReader : public SeriesReader {
 public:
  JoinedReader(std::unique_ptr<SeriesReader> base, const OverlaySnapshot::AddedSeries* added)
      : base_(std::move(base)), added_(added) {}

  const Labels& labels() const override { return added_->labels; }

  SeriesExtent Extent() const override {
    const int64_t first_ms = added_->samples.front().timestamp_ms;
    SeriesExtent extent =
        base_ == nullptr ? SeriesExtent{first_ms, first_ms, 1} : base_->Extent();
    extent.max_ms = std::max(extent.max_ms, added_->samples.back().timestamp_ms);
    return extent;
  }

  absl::StatusOr<SampleView> Read(int64_t min_ms, int64_t max_ms,
                                  SampleBuffer& buffer) const override {
    SampleBuffer inner;
    SampleView view;
    if (base_ != nullptr) {
      ASSIGN_OR_RETURN(view, base_->Read(min_ms, max_ms, inner));
    }
    buffer.Clear();
    buffer.Append(view);
    for (const OverlaySnapshot::Added& sample : added_->samples) {
      if (sample.timestamp_ms < min_ms || sample.timestamp_ms > max_ms) continue;
      if (!buffer.timestamps.empty() && sample.timestamp_ms <= buffer.timestamps.back()) continue;
      buffer.Append(sample.timestamp_ms, sample.value, sample.histogram, 0);
    }
    return buffer.View();
  }

 private:
  const std::unique_ptr<SeriesReader> base_;
  const OverlaySnapshot::AddedSeries* const added_;
};

void OverlaySnapshot::Add(const Labels& labels, int64_t timestamp_ms, double value,
                          HistogramPtr histogram) {
  const auto [position, is_new] = positions_.try_emplace(labels, added_.size());
  if (is_new) added_.push_back({labels, {}});
  std::vector<Added>& samples = added_[position->second].samples;
  if (!samples.empty() && timestamp_ms <= samples.back().timestamp_ms) return;
  samples.push_back({timestamp_ms, value, std::move(histogram)});
}

absl::StatusOr<SeriesSet> OverlaySnapshot::Select(const Matchers& matchers, int64_t min_ms,
                                                  int64_t max_ms) const {
  ASSIGN_OR_RETURN(SeriesSet found, base_->Select(matchers, min_ms, max_ms));
  if (added_.empty()) return found;
  std::vector<bool> is_joined(added_.size(), false);
  for (auto& reader : found) {
    const auto position = positions_.find(reader->labels());
    if (position == positions_.end()) continue;
    is_joined[position->second] = true;
    reader = std::make_unique<JoinedReader>(std::move(reader), &added_[position->second]);
  }
  for (size_t i = 0; i < added_.size(); ++i) {
    const bool matches = std::all_of(matchers.begin(), matchers.end(), [&](const Matcher& matcher) {
      return matcher.Matches(added_[i].labels.Get(matcher.name()));
    });
    if (!is_joined[i] && matches) {
      found.push_back(std::make_unique<JoinedReader>(nullptr, &added_[i]));
    }
  }
  return found;
}

}  // namespace sloburn
