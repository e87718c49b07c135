// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/conversion.h"

#include "base/status_macros.h"
#include "engine/model/stale.h"

namespace sloburn::engine {
namespace {

class Scalar : public Operator {
 public:
  Scalar(OperatorPtr input, size_t steps) : input_(std::move(input)), steps_(steps) {
    series_.emplace_back();
  }

  absl::Status Open() override { return input_->Open(); }

  absl::Status Next(Column& column) override {
    column.Reset(steps_);
    column.values.assign(steps_, NormalNan());
    column.present.assign(steps_, 1);
    std::vector<uint8_t> is_found(steps_, 0);
    Column one;
    for (size_t i = 0; i < input_->series().size(); ++i) {
      RETURN_IF_ERROR(input_->Next(one));
      for (size_t step = 0; step < steps_; ++step) {
        if (!one.present[step]) continue;
        column.values[step] = is_found[step] ? NormalNan() : one.values[step];
        is_found[step] = 1;
      }
    }
    return absl::OkStatus();
  }

 private:
  const OperatorPtr input_;
  const size_t steps_;
};

}  // namespace

OperatorPtr MakeScalar(OperatorPtr input, size_t steps) {
  return std::make_unique<Scalar>(std::move(input), steps);
}

}  // namespace sloburn::engine
