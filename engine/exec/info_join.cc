// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/info_join.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "absl/container/flat_hash_map.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/exec/build.h"
#include "engine/exec/name_dropping.h"
#include "engine/exec/selector_times.h"
#include "engine/model/histogram.h"
#include "engine/model/label_builder.h"
#include "engine/model/stale.h"
#include "engine/plan/info_reference.h"

namespace sloburn::engine {
namespace {

constexpr std::array<std::string_view, 2> kIdentifyingLabels = {"instance", "job"};
constexpr int64_t kAbsent = std::numeric_limits<int64_t>::min();

bool MatchAll(const Matchers& matchers, std::string_view name, std::string_view value) {
  return std::all_of(matchers.begin(), matchers.end(), [&](const Matcher& matcher) {
    return matcher.name() != name || matcher.Matches(value);
  });
}

// One info series with the time of the sample that each step sees, or kAbsent.
struct InfoSeries {
  Labels labels;
  std::vector<int64_t> sample_ms;
};

// The samples of an output series, only where there are any: enriched series may be many that live
// for a few steps each.
class OutputSamples {
 public:
  // Takes the sample; false where there is one at the step already.
  bool Put(size_t step, Column& from) {
    const bool is_float = from.present[step];
    return samples_
        .emplace(step, Value{is_float ? from.values[step] : 0,
                             is_float ? nullptr : std::move(from.histograms[step])})
        .second;
  }
  void MoveTo(Column& column, size_t steps, ExecContext& context) {
    column.Reset(steps);
    for (auto& [step, value] : samples_) {
      if (value.histogram == nullptr) {
        column.Set(step, value.value);
      } else {
        column.Set(step, std::move(value.histogram));
      }
    }
    context.Release(static_cast<int64_t>(samples_.size()));
    samples_ = {};
  }

 private:
  struct Value {
    double value;
    HistogramPtr histogram;
  };
  absl::flat_hash_map<size_t, Value> samples_;  // by step
};

// Joins step by step, because the info series that is newest may change from step to step; which
// labels result is remembered per combination.
class InfoJoin : public Operator {
 public:
  InfoJoin(OperatorPtr base, Matchers info_matchers, Matchers selector, SelectorTimes times,
           const TimeRange& range, ExecContext& context)
      : base_(std::move(base)),
        info_matchers_(std::move(info_matchers)),
        selector_(std::move(selector)),
        times_(times),
        range_(range),
        context_(context),
        tally_(context.tally()) {
    for (const Matcher& matcher : selector_) {
      if (matcher.name() == kMetricName) continue;
      data_labels_.insert(matcher.name());
      accepts_no_info_ &= matcher.Matches("");
    }
  }

  absl::Status Open() override {
    RETURN_IF_ERROR(base_->Open());
    RETURN_IF_ERROR(ReadInfoSeries());
    Column column;
    for (const OutputSeries& series : base_->series()) {
      RETURN_IF_ERROR(base_->Next(column));
      RETURN_IF_ERROR(context_.CheckInterrupt());
      RETURN_IF_ERROR(IsInfoSeries(series.labels) ? Keep(series, column) : Enrich(series, column));
    }
    return absl::OkStatus();
  }

  absl::Status Next(Column& column) override {
    outputs_[next_++].MoveTo(column, range_.steps(), context_);
    return absl::OkStatus();
  }

 private:
  // Series that are meant as info themselves are passed on as they are.
  bool IsInfoSeries(const Labels& labels) const {
    return MatchAll(info_matchers_, kMetricName, labels.Get(kMetricName));
  }

  int64_t MinTime() const { return times_.At(range_.start_ms) - context_.lookback_ms + 1; }
  int64_t MaxTime() const { return times_.At(range_.at(range_.steps() - 1)); }

  absl::Status ReadInfoSeries() {
    std::array<std::set<std::string, std::less<>>, kIdentifyingLabels.size()> wanted;
    for (const OutputSeries& series : base_->series()) {
      if (IsInfoSeries(series.labels)) continue;
      for (size_t i = 0; i < wanted.size(); ++i) {
        const std::string_view value = series.labels.Get(kIdentifyingLabels[i]);
        if (!value.empty()) wanted[i].emplace(value);
      }
    }
    if (std::all_of(wanted.begin(), wanted.end(), [](const auto& w) { return w.empty(); })) {
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const SeriesSet found,
                     context_.snapshot.Select(info_matchers_, MinTime(), MaxTime()));
    for (const auto& reader : found) {
      bool is_wanted = true;
      for (size_t i = 0; i < wanted.size(); ++i) {
        const std::string_view value = reader->labels().Get(kIdentifyingLabels[i]);
        is_wanted &= wanted[i].empty() || wanted[i].find(value) != wanted[i].end();
      }
      if (is_wanted) RETURN_IF_ERROR(ReadInfo(*reader));
    }
    return ChooseNewest();
  }

  absl::Status ReadInfo(const SeriesReader& reader) {
    SampleBuffer buffer;
    ASSIGN_OR_RETURN(const SampleView view, reader.Read(MinTime(), MaxTime(), buffer));
    InfoSeries info{reader.labels(), std::vector<int64_t>(range_.steps(), kAbsent)};
    RETURN_IF_ERROR(context_.Hold(range_.steps()));
    size_t next = 0;
    for (int64_t step = 0; step < range_.steps(); ++step) {
      const int64_t time = times_.At(range_.at(step));
      while (next < view.size && view.timestamps[next] <= time) ++next;
      if (next == 0 || view.timestamps[next - 1] <= time - context_.lookback_ms) continue;
      const Histogram* const histogram =
          view.histograms == nullptr ? nullptr : view.histograms[next - 1].get();
      if (IsStale(histogram == nullptr ? view.values[next - 1] : histogram->sum)) continue;
      if (histogram != nullptr) {
        return absl::FailedPreconditionError(
            StrCat("this should be an info metric, with float samples: ",
                   info.labels.ToBraces()));
      }
      info.sample_ms[step] = view.timestamps[next - 1];
      if (tally_ != nullptr) tally_->Add(step, 1);
    }
    groups_[IdentityOf(info.labels)][std::string(info.labels.Get(kMetricName))].push_back(
        infos_.size());
    infos_.push_back(std::move(info));
    return absl::OkStatus();
  }

  using Identity = std::array<std::string, kIdentifyingLabels.size()>;

  static Identity IdentityOf(const Labels& labels) {
    Identity identity;
    for (size_t i = 0; i < identity.size(); ++i) {
      identity[i] = std::string(labels.Get(kIdentifyingLabels[i]));
    }
    return identity;
  }

  // Of several info series of one name and identity the one with the newest sample counts.
  absl::Status ChooseNewest() {
    for (auto& [identity, names] : groups_) {
      for (auto& [name, members] : names) {
        for (int64_t step = 0; members.size() > 1 && step < range_.steps(); ++step) {
          RETURN_IF_ERROR(KeepNewest(members, step));
        }
      }
    }
    return absl::OkStatus();
  }

  absl::Status KeepNewest(const std::vector<size_t>& members, int64_t step) {
    InfoSeries* newest = nullptr;
    for (const size_t member : members) {
      InfoSeries& info = infos_[member];
      const int64_t time = info.sample_ms[step];
      if (time == kAbsent) continue;
      if (newest == nullptr) {
        newest = &info;
        continue;
      }
      int64_t& other = newest->sample_ms[step];
      if (other == time) {
        return absl::FailedPreconditionError(
            StrCat("found duplicate series for info metric: existing ", newest->labels.ToBraces(),
                   " @ ", other, ", new ", info.labels.ToBraces(), " @ ", time));
      }
      if (other < time) {
        other = kAbsent;
        newest = &info;
      } else {
        info.sample_ms[step] = kAbsent;
      }
    }
    return absl::OkStatus();
  }

  absl::Status Keep(const OutputSeries& series, Column& column) {
    ASSIGN_OR_RETURN(const size_t output, OutputOf(series));
    for (size_t step = 0; step < column.steps(); ++step) {
      RETURN_IF_ERROR(Put(output, step, column));
    }
    return absl::OkStatus();
  }

  absl::Status Enrich(const OutputSeries& series, Column& column) {
    std::vector<size_t> candidates;
    const auto group = groups_.find(IdentityOf(series.labels));
    if (group != groups_.end()) {
      for (const auto& [name, members] : group->second) {
        candidates.insert(candidates.end(), members.begin(), members.end());
      }
    }
    std::map<std::vector<size_t>, size_t> output_of;  // by the info series present
    for (size_t step = 0; step < column.steps(); ++step) {
      if (!column.has_sample(step)) continue;
      RETURN_IF_ERROR(context_.Work(16));
      std::vector<size_t> present;
      for (const size_t candidate : candidates) {
        if (infos_[candidate].sample_ms[step] != kAbsent) present.push_back(candidate);
      }
      if (present.empty() && !accepts_no_info_) continue;
      auto found = output_of.find(present);
      if (found == output_of.end()) {
        ASSIGN_OR_RETURN(Labels labels, EnrichedLabels(series.labels, present));
        ASSIGN_OR_RETURN(const size_t output, OutputOf({std::move(labels), series.drops_name}));
        found = output_of.emplace(std::move(present), output).first;
      }
      RETURN_IF_ERROR(Put(found->second, step, column));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Labels> EnrichedLabels(const Labels& base,
                                        const std::vector<size_t>& present) const {
    std::map<std::string, std::string, std::less<>> added;
    for (const size_t info : present) {
      for (const auto& [name, value] : infos_[info].labels) {
        if (name == kMetricName) continue;
        if (!data_labels_.empty() && data_labels_.count(std::string(name)) == 0) continue;
        const auto known = added.find(name);
        if (known != added.end() && known->second != value) {
          return absl::FailedPreconditionError(StrCat("conflicting label: ", name));
        }
        if (!base.Has(name)) added.emplace(name, value);
      }
    }
    LabelBuilder builder(base);
    for (const auto& [name, value] : added) builder.Set(name, value);
    return builder.Build();
  }

  absl::StatusOr<size_t> OutputOf(const OutputSeries& series) {
    const auto [position, is_new] = positions_.try_emplace(series.labels, series_.size());
    if (is_new) {
      series_.push_back(series);
      outputs_.emplace_back();
    }
    return position->second;
  }

  absl::Status Put(size_t output, size_t step, Column& from) {
    if (!from.has_sample(step)) return absl::OkStatus();
    if (outputs_[output].Put(step, from)) return context_.Hold(1);
    return absl::FailedPreconditionError(kSameLabelset);
  }

  const OperatorPtr base_;
  const Matchers info_matchers_, selector_;
  const SelectorTimes times_;
  const TimeRange range_;
  ExecContext& context_;
  SampleTally* const tally_;  // null: samples are not counted
  std::unordered_set<std::string> data_labels_;  // empty: all labels are added
  bool accepts_no_info_ = true;
  std::vector<InfoSeries> infos_;
  std::map<Identity, std::map<std::string, std::vector<size_t>>> groups_;  // then by name
  std::unordered_map<Labels, size_t, LabelsHash> positions_;
  std::vector<OutputSamples> outputs_;
  size_t next_ = 0;
};

}  // namespace

absl::StatusOr<OperatorPtr> MakeInfoJoin(const PlanNode& node, const TimeRange& range,
                                         ExecContext& context) {
  ASSIGN_OR_RETURN(OperatorPtr base, BuildOperator(*node.children[0], range, context));
  const InfoReference reference = FindInfoReference(node);
  ASSIGN_OR_RETURN(SelectorTimes times, ResolveTimes(reference.at, {}, context));
  for (const parser::Duration* offset : reference.offsets) {
    ASSIGN_OR_RETURN(const int64_t offset_ms,
                     ResolveDuration(*offset, context.query_range, DurationUse::kOffset));
    times.offset_ms += offset_ms;
  }
  Matchers selector;
  if (node.children.size() > 1) selector = node.children[1]->matchers;
  return std::make_unique<InfoJoin>(std::move(base), InfoMatchers(node), std::move(selector),
                                    times, range, context);
}

}  // namespace sloburn::engine
