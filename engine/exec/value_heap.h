// SPDX-License-Identifier: Apache-2.0
// The best k samples of a step, for topk and bottomk. The worst of them stands at the top of a
// binary heap that sifts as Go's container/heap does: which of several equal samples stay, and in
// what order, is then the same as in Prometheus.
//
//   ValueHeap best(/*is_top=*/true);
//   best.Offer({value, series}, k);
//   best.Sort();
//
// Threads: one.
#pragma once

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace sloburn::engine {

struct Candidate {
  double value;
  size_t series;
};

class ValueHeap {
 public:
  explicit ValueHeap(bool is_top = true) : is_top_(is_top) {}

  // Takes the sample in, in place of the worst one where there are k already. REQUIRES: k > 0.
  void Offer(const Candidate& candidate, size_t k) {
    if (samples_.size() < k) {
      samples_.push_back(candidate);
      Up(samples_.size() - 1);
    } else if (IsWorse(samples_[0].value, candidate.value)) {
      samples_[0] = candidate;
      if (!Down()) Up(0);
    }
  }

  // Best first. Afterwards no more may be offered.
  void Sort() {
    // Go sorts few elements by insertion. Of more than that, the order of equal ones may differ.
    constexpr size_t kInsertionSorted = 12;
    if (samples_.size() > kInsertionSorted) {
      std::stable_sort(samples_.begin(), samples_.end(),
                       [this](const Candidate& a, const Candidate& b) {
                         return IsWorse(b.value, a.value);
                       });
      return;
    }
    for (size_t i = 1; i < samples_.size(); ++i) {
      for (size_t j = i; j > 0 && IsLess(j - 1, j); --j) std::swap(samples_[j], samples_[j - 1]);
    }
  }

  const std::vector<Candidate>& samples() const { return samples_; }

 private:
  // Strictly: NaN is worse than any number.
  bool IsWorse(double a, double b) const {
    if (std::isnan(a)) return !std::isnan(b);
    return is_top_ ? a < b : a > b;
  }

  // The heap's order, in which NaN comes before everything, itself included.
  bool IsLess(size_t i, size_t j) const {
    const double a = samples_[i].value, b = samples_[j].value;
    return std::isnan(a) || (is_top_ ? a < b : a > b);
  }

  void Up(size_t at) {
    while (at > 0) {
      const size_t parent = (at - 1) / 2;
      if (!IsLess(at, parent)) return;
      std::swap(samples_[at], samples_[parent]);
      at = parent;
    }
  }

  // From the top; whether anything moved.
  bool Down() {
    size_t at = 0;
    for (;;) {
      size_t child = 2 * at + 1;
      if (child >= samples_.size()) break;
      if (child + 1 < samples_.size() && IsLess(child + 1, child)) ++child;
      if (!IsLess(child, at)) break;
      std::swap(samples_[at], samples_[child]);
      at = child;
    }
    return at > 0;
  }

  bool is_top_;
  std::vector<Candidate> samples_;
};

}  // namespace sloburn::engine
