// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/conversion.h"

#include <algorithm>
#include <cmath>

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

class Sort : public Operator {
 public:
  Sort(OperatorPtr input, bool is_descending)
      : input_(std::move(input)), is_descending_(is_descending) {}

  absl::Status Open() override {
    RETURN_IF_ERROR(input_->Open());
    struct Item {
      double value;
      size_t series;
    };
    std::vector<Item> items;
    Column column;
    for (size_t i = 0; i < input_->series().size(); ++i) {
      RETURN_IF_ERROR(input_->Next(column));
      if (column.present[0]) items.push_back({column.values[0], i});
    }
    std::stable_sort(items.begin(), items.end(), [this](const Item& a, const Item& b) {
      if (std::isnan(a.value) || std::isnan(b.value)) {
        return !std::isnan(a.value) && std::isnan(b.value);
      }
      return is_descending_ ? a.value > b.value : a.value < b.value;
    });
    for (const Item& item : items) {
      series_.push_back(input_->series()[item.series]);
      values_.push_back(item.value);
    }
    return absl::OkStatus();
  }

  absl::Status Next(Column& column) override {
    column.Reset(1);
    column.Set(0, values_[next_++]);
    return absl::OkStatus();
  }

 private:
  const OperatorPtr input_;
  const bool is_descending_;
  std::vector<double> values_;
  size_t next_ = 0;
};

}  // namespace

OperatorPtr MakeScalar(OperatorPtr input, size_t steps) {
  return std::make_unique<Scalar>(std::move(input), steps);
}

OperatorPtr MakeSort(OperatorPtr input, bool is_descending) {
  return std::make_unique<Sort>(std::move(input), is_descending);
}

}  // namespace sloburn::engine
