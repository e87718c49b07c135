// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/sort.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/status_macros.h"
#include "engine/functions/natural_order.h"

namespace sloburn::engine {
namespace {

struct Item {
  Column column;  // one step
  OutputSeries series;
};

using ComesBefore = std::function<bool(const Item& a, const Item& b)>;

class Sort : public Operator {
 public:
  Sort(OperatorPtr input, bool takes_histograms, ComesBefore comes_before)
      : input_(std::move(input)),
        takes_histograms_(takes_histograms),
        comes_before_(std::move(comes_before)) {}

  absl::Status Open() override {
    RETURN_IF_ERROR(input_->Open());
    for (const OutputSeries& series : input_->series()) {
      Column column;
      RETURN_IF_ERROR(input_->Next(column));
      const bool is_taken = takes_histograms_ ? column.has_sample(0) : column.present[0] != 0;
      if (is_taken) items_.push_back({std::move(column), series});
    }
    Arrange();
    for (const Item& item : items_) series_.push_back(item.series);
    return absl::OkStatus();
  }

  absl::Status Next(Column& column) override {
    column = std::move(items_[next_++].column);
    return absl::OkStatus();
  }

 private:
  // Labels of which some are missing have no consistent order in Prometheus: what comes out is what
  // Go's sort makes of it, which for up to 12 items is insertion from the back.
  void Arrange() {
    constexpr size_t kFew = 12;
    if (items_.size() > kFew) {
      std::stable_sort(items_.begin(), items_.end(), comes_before_);
      return;
    }
    for (size_t i = 1; i < items_.size(); ++i) {
      for (size_t j = i; j > 0 && comes_before_(items_[j], items_[j - 1]); --j) {
        std::swap(items_[j], items_[j - 1]);
      }
    }
  }

  const OperatorPtr input_;
  const bool takes_histograms_;
  const ComesBefore comes_before_;
  std::vector<Item> items_;
  size_t next_ = 0;
};

class FloatsOnly : public Operator {
 public:
  explicit FloatsOnly(OperatorPtr input) : input_(std::move(input)) {}

  absl::Status Open() override {
    RETURN_IF_ERROR(input_->Open());
    series_ = input_->series();
    return absl::OkStatus();
  }

  absl::Status Next(Column& column) override {
    RETURN_IF_ERROR(input_->Next(column));
    column.histograms.clear();
    return absl::OkStatus();
  }

 private:
  const OperatorPtr input_;
};

}  // namespace

OperatorPtr MakeFloatsOnly(OperatorPtr input) {
  return std::make_unique<FloatsOnly>(std::move(input));
}

OperatorPtr MakeSort(OperatorPtr input, bool is_descending) {
  return std::make_unique<Sort>(
      std::move(input), false, [is_descending](const Item& first, const Item& second) {
        const double a = first.column.values[0], b = second.column.values[0];
        if (std::isnan(a) || std::isnan(b)) return !std::isnan(a) && std::isnan(b);
        return is_descending ? a > b : a < b;
      });
}

OperatorPtr MakeSortByLabel(OperatorPtr input, std::vector<std::string> labels,
                            bool is_descending) {
  return std::make_unique<Sort>(
      std::move(input), true,
      [names = std::move(labels), is_descending](const Item& first, const Item& second) {
        const Labels &a = first.series.labels, &b = second.series.labels;
        for (const std::string& name : names) {
          const std::string_view value_a = a.Get(name), value_b = b.Get(name);
          if (value_a != value_b) return PrecedesNaturally(value_a, value_b) != is_descending;
        }
        return is_descending ? b < a : a < b;
      });
}

}  // namespace sloburn::engine
