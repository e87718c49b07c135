// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/histogram_call.h"

#include <algorithm>
#include <bit>
#include <unordered_map>

#include "base/float_text.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/exec/annotation_texts.h"
#include "engine/exec/build.h"
#include "engine/exec/column_cache.h"
#include "engine/exec/name_dropping.h"
#include "engine/exec/scalar_args.h"
#include "engine/functions/histogram.h"
#include "engine/functions/native_histogram.h"

namespace sloburn::engine {
namespace {

constexpr size_t kNone = static_cast<size_t>(-1);

struct BucketSeries {
  double upper_bound;
  size_t series;
};

// The series that make one histogram: those of its buckets, the one without a bucket label that
// may hold native histograms, or both.
struct Group {
  OutputSeries series;
  std::vector<BucketSeries> buckets;
  size_t native = kNone;
};

// One output of each group: for histogram_quantiles one per quantile, for the others one.
struct Variant {
  size_t argument = 0;  // the first scalar argument that it takes
  double quantile = 0;  // histogram_quantiles: steps with another value are left out
};

class HistogramCall : public Operator {
 public:
  HistogramCall(OperatorPtr input, ScalarArgs args, const PlanNode& node, const TimeRange& range,
                ExecContext& context)
      : input_(std::move(input)),
        args_(std::move(args)),
        node_(node),
        function_(std::get<VectorFunction>(node.function->implementation)),
        range_(range),
        context_(context) {}

  absl::Status Open() override {
    RETURN_IF_ERROR(input_->Open());
    RETURN_IF_ERROR(args_.Open());
    PlanVariants();
    PlanGroups();
    std::vector<int> uses(input_->series().size(), static_cast<int>(variants_.size()));
    columns_ = std::make_unique<ColumnCache>(*input_, std::move(uses), context_);
    for (const Group& group : groups_) {
      for (const Variant& variant : variants_) series_.push_back(SeriesOf(group, variant));
    }
    return absl::OkStatus();
  }

  absl::Status Next(Column& column) override {
    const Group& group = groups_[next_ / variants_.size()];
    const Variant& variant = variants_[next_ % variants_.size()];
    ++next_;
    std::vector<const Column*> counts(group.buckets.size());
    for (size_t i = 0; i < counts.size(); ++i) {
      ASSIGN_OR_RETURN(counts[i], columns_->Get(group.buckets[i].series));
      if (!counts[i]->histograms.empty()) return BucketWithHistogram(group);
    }
    const Column* native = nullptr;
    if (group.native != kNone) {
      ASSIGN_OR_RETURN(native, columns_->Get(group.native));
      WarnOfBadBucket(*native, input_->series()[group.native].labels);
    }
    column.Reset(range_.steps());
    const int64_t work = native == nullptr ? std::ssize(counts) : kHistogramWork;
    for (int64_t step = 0; step < range_.steps(); ++step) {
      RETURN_IF_ERROR(context_.Work(work));
      EvaluateStep(step, group, variant, counts, native, column);
    }
    for (const BucketSeries& bucket : group.buckets) columns_->Release(bucket.series);
    if (group.native != kNone) columns_->Release(group.native);
    return absl::OkStatus();
  }

 private:
  bool has_quantiles() const { return function_ != VectorFunction::kHistogramFraction; }

  // Places of arguments are told without the parentheses around them, as in Prometheus.
  parser::SourceRange VectorPlace() const {
    const bool is_first = function_ == VectorFunction::kHistogramQuantiles;
    return (is_first ? node_.children.front() : node_.children.back())->expr->range;
  }
  // Where the quantile stands that is scalar argument `index`.
  parser::SourceRange QuantilePlace(size_t index) const {
    const bool is_later = function_ == VectorFunction::kHistogramQuantiles;
    return node_.children[is_later ? 2 + index : 0]->expr->range;
  }

  // Prometheus names the metric only where names are still there when it evaluates.
  std::string MetricForNotes(const Labels& labels) const {
    if (!context_.options.delayed_name_removal) return "";
    return std::string(labels.Get(kMetricName));
  }

  void PlanVariants() {
    if (function_ != VectorFunction::kHistogramQuantiles) {
      variants_ = {Variant()};
      if (has_quantiles()) WarnOfQuantiles(0);
      return;
    }
    // A quantile that changes from step to step makes a series per value.
    for (size_t argument = 0; argument + 2 < node_.children.size(); ++argument) {
      WarnOfQuantiles(argument);
      for (int64_t step = 0; step < range_.steps(); ++step) {
        const double quantile = args_.At(step)[argument];
        const bool is_known =
            std::any_of(variants_.begin(), variants_.end(), [&](const Variant& variant) {
              return variant.argument == argument && SameQuantile(variant.quantile, quantile);
            });
        if (!is_known) variants_.push_back({argument, quantile});
      }
    }
  }

  static bool SameQuantile(double a, double b) {
    return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
  }

  void WarnOfQuantiles(size_t argument) {
    for (int64_t step = 0; step < range_.steps(); ++step) {
      const double q = args_.At(step)[argument];
      if (!IsQuantile(q)) {
        context_.annotations.Warn(QuantilePlace(argument), InvalidQuantileText(q));
      }
    }
  }

  void PlanGroups() {
    std::unordered_map<Labels, size_t, LabelsHash> positions;
    const std::vector<std::string> without = {std::string(kBucketLabel)};
    for (size_t i = 0; i < input_->series().size(); ++i) {
      const OutputSeries& series = input_->series()[i];
      const auto bound = ParseGoFloat(series.labels.Get(kBucketLabel));
      const Labels key = bound ? WithoutLabels(series.labels, without) : series.labels;
      const auto [position, is_new] = positions.try_emplace(key, groups_.size());
      if (is_new) groups_.push_back({{key, series.drops_name}, {}});
      Group& group = groups_[position->second];
      if (bound) {
        group.buckets.push_back({*bound, i});
      } else {
        group.native = i;
      }
    }
  }

  OutputSeries SeriesOf(const Group& group, const Variant& variant) const {
    OutputSeries series = DropName(group.series, context_);
    if (function_ != VectorFunction::kHistogramQuantiles) return series;
    const auto& label = std::get<parser::StringLiteral>(node_.children[1]->expr->node);
    LabelBuilder builder(series.labels);
    builder.Set(label.value, FormatOpenMetricsFloat(variant.quantile));
    return {builder.Build(), series.drops_name};
  }

  static absl::Status BucketWithHistogram(const Group& group) {
    return absl::UnimplementedError(
        StrCat("native histograms with the label \"le\" beside classic buckets are not supported: ",
               group.series.labels.ToString()));
  }

  void WarnOfBadBucket(const Column& column, const Labels& labels) {
    const auto& present = column.present;
    if (std::find(present.begin(), present.end(), 1) == present.end()) return;
    const std::string text =
        StrCat(notes::kBadBucketLabel, " ", GoQuote(labels.Get(kBucketLabel)));
    context_.annotations.Warn(VectorPlace(), WithMetricName(text, MetricForNotes(labels)));
  }

  void EvaluateStep(int64_t step, const Group& group, const Variant& variant,
                    const std::vector<const Column*>& counts, const Column* native,
                    Column& column) {
    const double* const args = args_.At(step) + variant.argument;
    if (function_ == VectorFunction::kHistogramQuantiles &&
        !SameQuantile(args[0], variant.quantile)) {
      return;
    }
    buckets_.clear();
    for (size_t i = 0; i < counts.size(); ++i) {
      if (!counts[i]->present[step]) continue;
      buckets_.push_back({group.buckets[i].upper_bound, counts[i]->values[step]});
    }
    const bool has_native = native != nullptr && native->has_histogram(step);
    if (has_native && !buckets_.empty()) {
      context_.annotations.Warn(
          VectorPlace(),
          WithMetricName(notes::kMixedClassicNative, MetricForNotes(group.series.labels)));
    } else if (has_native) {
      column.Set(step, OfNative(args, *native->histograms[step], group));
    } else if (!buckets_.empty()) {
      column.Set(step, OfBuckets(step, args, group));
    }
  }

  double OfNative(const double* args, const Histogram& histogram, const Group& group) {
    NanEffect effect = NanEffect::kNone;
    const double value = has_quantiles()
                             ? NativeQuantile(args[0], histogram, &effect)
                             : NativeFraction(args[0], args[1], histogram, &effect);
    if (effect != NanEffect::kNone) {
      const std::string_view text = effect == NanEffect::kResultIsNan      ? notes::kNanResult
                                    : effect == NanEffect::kResultIsHigher ? notes::kNanSkew
                                                                           : notes::kNanFraction;
      context_.annotations.Inform(
          VectorPlace(), WithMetricName(text, MetricForNotes(group.series.labels)));
    }
    return value;
  }

  double OfBuckets(int64_t step, const double* args, const Group& group) {
    if (!has_quantiles()) return BucketFraction(args[0], args[1], buckets_);
    std::optional<ForcedMonotonicity> forced;
    const double quantile = BucketQuantile(args[0], buckets_, &forced);
    if (forced) {
      forced->first_ms = forced->last_ms = range_.at(step);
      context_.annotations.InformForcedMonotonicity(
          VectorPlace(),
          WithMetricName(notes::kForcedMonotonicity, MetricForNotes(group.series.labels)), *forced);
    }
    return quantile;
  }

  const OperatorPtr input_;
  ScalarArgs args_;
  const PlanNode& node_;
  const VectorFunction function_;
  const TimeRange range_;
  ExecContext& context_;
  std::vector<Variant> variants_;
  std::vector<Group> groups_;
  std::unique_ptr<ColumnCache> columns_;
  std::vector<Bucket> buckets_;  // of the step
  size_t next_ = 0;
};

class NativeFunction : public Operator {
 public:
  NativeFunction(OperatorPtr input, HistogramFunction function, ExecContext& context)
      : input_(std::move(input)), function_(function), context_(context) {}

  absl::Status Open() override {
    RETURN_IF_ERROR(input_->Open());
    for (const OutputSeries& series : input_->series()) {
      if (context_.options.delayed_name_removal) {
        series_.push_back({series.labels, true});
        continue;
      }
      // Type and unit labels stay, unlike with other functions.
      LabelBuilder builder(series.labels);
      builder.Delete(kMetricName);
      series_.push_back({builder.Build(), false});
    }
    return absl::OkStatus();
  }

  absl::Status Next(Column& column) override {
    RETURN_IF_ERROR(input_->Next(column));
    for (size_t step = 0; step < column.steps(); ++step) {
      column.present[step] = 0;
      if (column.has_histogram(step)) column.Set(step, function_(*column.histograms[step]));
    }
    column.histograms.clear();
    return absl::OkStatus();
  }

 private:
  const OperatorPtr input_;
  const HistogramFunction function_;
  ExecContext& context_;
};

const PlanNode& VectorArgument(const PlanNode& node) {
  const auto function = std::get<VectorFunction>(node.function->implementation);
  return function == VectorFunction::kHistogramQuantiles ? *node.children[0]
                                                         : *node.children.back();
}

}  // namespace

absl::StatusOr<OperatorPtr> MakeHistogramCall(const PlanNode& node, const TimeRange& range,
                                              ExecContext& context) {
  ASSIGN_OR_RETURN(OperatorPtr input, BuildOperator(VectorArgument(node), range, context));
  ASSIGN_OR_RETURN(ScalarArgs args, ScalarArgs::Build(node, range, context));
  auto made = std::make_unique<HistogramCall>(std::move(input), std::move(args), node, range,
                                              context);
  return MergeSameLabels(std::move(made), MergeRule::kSameStep, context);
}

OperatorPtr MakeNativeHistogramFunction(OperatorPtr input, HistogramFunction function,
                                        ExecContext& context) {
  return MergeSameLabels(std::make_unique<NativeFunction>(std::move(input), function, context),
                         MergeRule::kSameStep, context);
}

}  // namespace sloburn::engine
