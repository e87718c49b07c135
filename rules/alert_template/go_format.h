// SPDX-License-Identifier: Apache-2.0
// Single values as Go's fmt writes them: flags, width, precision and verb. Pure; any thread.
//
// Each function appends to `out`; `verb` is one that the kind of value has.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sloburn::rules {

struct FormatFlags {
  bool minus = false, plus = false, sharp = false, space = false, zero = false;
  bool plus_v = false, sharp_v = false;  // %+v and %#v
  std::optional<int> width, precision;
};

// Fills `text` up to the width, in code points.
void AppendPadded(const FormatFlags& flags, std::string_view text, std::string& out);

// %s: cut to the precision.
void AppendGoString(const FormatFlags& flags, std::string_view text, std::string& out);
// %q
void AppendGoQuoted(const FormatFlags& flags, std::string_view text, std::string& out);
// %x and %X of texts.
void AppendGoHexText(const FormatFlags& flags, std::string_view text, bool is_upper,
                     std::string& out);

// Verbs d b o O x X; `bits` are the two's complement where it is signed.
void AppendGoInteger(const FormatFlags& flags, uint64_t bits, bool is_signed, char verb,
                     std::string& out);
// Verbs c q U.
void AppendGoRune(const FormatFlags& flags, uint64_t code, char verb, std::string& out);

// Verbs v b e E f F g G x X.
void AppendGoFloat(const FormatFlags& flags, double value, char verb, std::string& out);

}  // namespace sloburn::rules
