// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/unary.h"

#include "base/status_macros.h"
#include "engine/exec/name_dropping.h"
#include "engine/model/histogram.h"

namespace sloburn::engine {
namespace {

class Negation : public Operator {
 public:
  Negation(OperatorPtr input, ExecContext& context) : input_(std::move(input)), context_(context) {}

  absl::Status Open() override {
    RETURN_IF_ERROR(input_->Open());
    for (const OutputSeries& series : input_->series()) {
      series_.push_back(DropName(series, context_));
    }
    return absl::OkStatus();
  }

  absl::Status Next(Column& column) override {
    RETURN_IF_ERROR(input_->Next(column));
    for (double& value : column.values) value = -value;
    for (HistogramPtr& histogram : column.histograms) {
      RETURN_IF_ERROR(context_.Work(kHistogramWork));
      if (histogram == nullptr) continue;
      auto negated = std::make_shared<Histogram>(*histogram);
      negated->Mul(-1);
      histogram = std::move(negated);
    }
    return absl::OkStatus();
  }

 private:
  const OperatorPtr input_;
  ExecContext& context_;
};

}  // namespace

OperatorPtr MakeNegation(OperatorPtr input, ExecContext& context) {
  return MergeSameLabels(std::make_unique<Negation>(std::move(input), context),
                         MergeRule::kSameStep, context);
}

}  // namespace sloburn::engine
