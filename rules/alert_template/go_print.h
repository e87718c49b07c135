// SPDX-License-Identifier: Apache-2.0
// Go's fmt for template values: Sprint, Sprintln, Sprintf, and the texts of misused verbs.
//
// A result longer than the limit is cut there; has_overflowed() tells it, so that nothing grows
// without bounds. Where Go writes the address of an object, a fixed number stands: the same alert
// has the same text at every evaluation.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "rules/alert_template/go_format.h"
#include "rules/alert_template/value.h"

namespace sloburn::rules {

class GoPrinter {
 public:
  explicit GoPrinter(size_t max_bytes) : max_bytes_(max_bytes) {}

  void Sprint(std::span<const Value> args);
  void Sprintln(std::span<const Value> args);
  void Sprintf(std::string_view format, std::span<const Value> args);
  // One value by one verb.
  void Print(const Value& value, char32_t verb);

  bool has_overflowed() const { return out_.size() > max_bytes_; }
  std::string Take() { return std::move(out_); }

 private:
  class FormatReader;

  void PrintArg(const Value& value, char32_t verb);
  void PrintContent(const Value& value, char32_t verb, int depth);
  void PrintMap(const Value& value, char32_t verb, int depth);
  void PrintList(const Value& value, char32_t verb, int depth);
  void PrintStruct(const Value& value, char32_t verb, int depth);
  void PrintPointer(const Value& value, char32_t verb, int depth);
  void PrintString(std::string_view text, const Value& value, char32_t verb);
  void PrintInteger(const Value& value, char32_t verb);
  void PrintFloat(double number, const Value& value, char32_t verb);
  void PrintComplex(const Value& value, char32_t verb);
  void PrintAddress(const Value& value, char32_t verb);
  // By the type's own String or GoString method.
  bool PrintByMethod(const Value& value, char32_t verb);
  void PrintBadVerb(const Value& value, char32_t verb);
  void PrintExtra(std::span<const Value> args);

  const size_t max_bytes_;
  std::string out_;
  FormatFlags flags_;
  bool is_erroneous_ = false;  // within the text of a misused verb: methods are not called
};

// By `%v`, without a limit's notice: for messages.
std::string GoText(const Value& value, char verb = 'v');

}  // namespace sloburn::rules
