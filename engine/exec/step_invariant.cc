// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/step_invariant.h"

#include "base/status_macros.h"

namespace sloburn::engine {
namespace {

class StepInvariant : public Operator {
 public:
  StepInvariant(OperatorPtr input, size_t steps) : input_(std::move(input)), steps_(steps) {}

  absl::Status Open() override {
    RETURN_IF_ERROR(input_->Open());
    series_ = input_->series();
    return absl::OkStatus();
  }

  absl::Status Next(Column& column) override {
    RETURN_IF_ERROR(input_->Next(one_));
    column.Reset(steps_);
    column.values.assign(steps_, one_.values[0]);
    column.present.assign(steps_, one_.present[0]);
    if (one_.has_histogram(0)) column.histograms.assign(steps_, one_.histograms[0]);
    return absl::OkStatus();
  }

 private:
  const OperatorPtr input_;
  const size_t steps_;
  Column one_;
};

}  // namespace

OperatorPtr MakeStepInvariant(OperatorPtr input, size_t steps) {
  return std::make_unique<StepInvariant>(std::move(input), steps);
}

}  // namespace sloburn::engine
