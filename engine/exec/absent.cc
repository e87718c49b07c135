// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/absent.h"

#include <set>

#include "base/status_macros.h"
#include "engine/model/label_builder.h"

namespace sloburn::engine {
namespace {

class Absent : public Operator {
 public:
  Absent(OperatorPtr input, Labels labels, size_t steps)
      : input_(std::move(input)), steps_(steps) {
    series_.push_back({std::move(labels), false});
  }

  absl::Status Open() override { return input_->Open(); }

  absl::Status Next(Column& column) override {
    column.Reset(steps_);
    column.values.assign(steps_, 1);
    column.present.assign(steps_, 1);
    Column one;
    for (size_t i = 0; i < input_->series().size(); ++i) {
      RETURN_IF_ERROR(input_->Next(one));
      for (size_t step = 0; step < steps_; ++step) column.present[step] &= !one.has_sample(step);
    }
    return absl::OkStatus();
  }

 private:
  const OperatorPtr input_;
  const size_t steps_;
};

}  // namespace

Labels AbsentLabels(const PlanNode& argument) {
  if (std::holds_alternative<parser::SubqueryExpr>(argument.expr->node)) return {};
  // The first equality for a name sets it; any further matcher for that name deletes it for good.
  LabelBuilder labels;
  std::set<std::string> seen;
  for (const Matcher& matcher : argument.matchers) {
    if (matcher.name() == kMetricName) continue;
    if (matcher.type() == parser::MatchType::kEqual && seen.insert(matcher.name()).second) {
      labels.Set(matcher.name(), matcher.value());
    } else {
      labels.Delete(matcher.name());
    }
  }
  return labels.Build();
}

OperatorPtr MakeAbsent(OperatorPtr input, Labels labels, size_t steps) {
  return std::make_unique<Absent>(std::move(input), std::move(labels), steps);
}

}  // namespace sloburn::engine
