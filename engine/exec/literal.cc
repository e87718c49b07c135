// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/literal.h"

namespace sloburn::engine {
namespace {

class Literal : public Operator {
 public:
  explicit Literal(Column column) : column_(std::move(column)) { series_.emplace_back(); }
  absl::Status Open() override { return absl::OkStatus(); }
  absl::Status Next(Column& column) override {
    column = std::move(column_);
    return absl::OkStatus();
  }

 private:
  Column column_;
};

class Nothing : public Operator {
 public:
  absl::Status Open() override { return absl::OkStatus(); }
  absl::Status Next(Column&) override { return absl::InternalError("there is no series"); }
};

}  // namespace

OperatorPtr MakeNothing() { return std::make_unique<Nothing>(); }

OperatorPtr MakeNumber(double value, size_t steps) {
  Column column;
  column.values.assign(steps, value);
  column.present.assign(steps, 1);
  return std::make_unique<Literal>(std::move(column));
}

OperatorPtr MakeTime(const TimeRange& range) {
  Column column;
  column.Reset(range.steps());
  for (size_t step = 0; step < column.steps(); ++step) {
    column.Set(step, static_cast<double>(range.at(step)) / 1000);
  }
  return std::make_unique<Literal>(std::move(column));
}

}  // namespace sloburn::engine
