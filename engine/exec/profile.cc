// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/profile.h"

#include <vector>

#include "base/status_macros.h"

namespace sloburn::engine {
namespace {

class Timed : public Operator {
 public:
  Timed(OperatorPtr input, OperatorProfile& profile)
      : input_(std::move(input)), profile_(profile) {}

  absl::Status Open() override {
    RETURN_IF_ERROR(Measure([this] { return input_->Open(); }));
    series_ = input_->series();
    profile_.series += static_cast<int64_t>(series_.size());
    return absl::OkStatus();
  }

  absl::Status Next(Column& column) override {
    return Measure([&] { return input_->Next(column); });
  }

 private:
  template <typename Call>
  absl::Status Measure(Call call) {
    const auto start = std::chrono::steady_clock::now();
    absl::Status status = call();
    profile_.time += std::chrono::steady_clock::now() - start;
    return status;
  }

  const OperatorPtr input_;
  OperatorProfile& profile_;
};

}  // namespace

QueryProfile::QueryProfile(const PlanNode& root) {
  std::vector<const PlanNode*> pending = {&root};
  while (!pending.empty()) {
    const PlanNode* const node = pending.back();
    pending.pop_back();
    operators_.try_emplace(node);
    for (const PlanNodePtr& child : node->children) pending.push_back(child.get());
  }
}

OperatorPtr MakeTimed(OperatorPtr input, OperatorProfile& profile) {
  return std::make_unique<Timed>(std::move(input), profile);
}

}  // namespace sloburn::engine
