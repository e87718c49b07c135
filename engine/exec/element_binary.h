// SPDX-License-Identifier: Apache-2.0
// A binary operator applied to one pair of samples, floats or native histograms. The loops over
// floats alone do not come here.
//
// Pairs that have no result are noted: of each step the last one in the order of Apply, which is all
// that Prometheus keeps. Threads: one.
#pragma once

#include <map>
#include <string>

#include "engine/exec/context.h"
#include "engine/exec/operator.h"
#include "parser/ast.h"

namespace sloburn::engine {

struct Element {
  double value = 0;
  HistogramPtr histogram = nullptr;  // then `value` has no meaning
};

// The sample of `column` at `step`, which has one.
inline Element ElementAt(const Column& column, size_t step) {
  if (column.present[step]) return {column.values[step], nullptr};
  return {0, column.histograms[step]};
}

struct BinaryOutcome {
  // No result and no match: the types do not go together.
  bool is_refused = false;
  // False where a comparison does not hold.
  bool is_kept = true;
  Element result = {};
};

class ElementBinary {
 public:
  // `place` is that of the whole expression.
  ElementBinary(parser::BinaryOperator op, parser::SourceRange place, ExecContext& context)
      : op_(op), place_(place), context_(context) {}

  BinaryOutcome Apply(size_t step, const Element& left, const Element& right);

  // To be called when all pairs are done: makes annotations of the notes.
  void Annotate();

 private:
  struct Note {
    bool is_warning = false;
    std::string text;
  };

  BinaryOutcome Apply(const Element& left, const Element& right);
  BinaryOutcome ApplyToFloats(double left, double right);
  BinaryOutcome ApplyToHistograms(const Histogram& left, const Histogram& right);
  BinaryOutcome AddOrSubtract(const Histogram& left, const Histogram& right);
  BinaryOutcome Refuse(std::string_view left, std::string_view right);

  const parser::BinaryOperator op_;
  const parser::SourceRange place_;
  ExecContext& context_;
  size_t step_ = 0;
  std::map<size_t, Note> last_notes_;  // by step
};

}  // namespace sloburn::engine
