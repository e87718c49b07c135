// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_template/go_print.h"

#include "base/str_cat.h"
#include "base/utf8.h"
#include "engine/model/histogram_text.h"
#include "rules/alert_template/fields.h"
#include "rules/alert_template/go_time.h"

namespace sloburn::rules {
namespace {

constexpr uint64_t kAddress = 0xc000000000;
constexpr size_t kMaxMessageBytes = 4096;

bool IsOneOf(char32_t verb, std::string_view verbs) {
  return verb < 0x80 && verbs.find(static_cast<char>(verb)) != std::string_view::npos;
}

// Types without methods, whose verbs are looked at first.
bool IsBuiltin(const Value& value) {
  const GoKind kind = KindOf(value);
  const GoType type = value.type();
  const bool is_named = type == GoType::kDuration || type == GoType::kMonth ||
                        type == GoType::kWeekday || type == GoType::kResetHint ||
                        type == GoType::kHtml;
  return kind <= GoKind::kString && !is_named;
}

// What the type's String method gives, for those that have one.
bool HasString(const Value& value) {
  switch (value.type()) {
    case GoType::kDuration:
    case GoType::kMonth:
    case GoType::kWeekday:
    case GoType::kTime:
      return true;
    case GoType::kHistogram:
      return value.is_pointer();
    default:
      return false;
  }
}

std::string StringOf(const Value& value) {
  switch (value.type()) {
    case GoType::kDuration:
      return GoDurationText(value.integer());
    case GoType::kMonth:
      return GoMonthName(value.integer());
    case GoType::kWeekday:
      return GoWeekdayName(value.integer());
    case GoType::kTime:
      return GoTimeText(value.time());
    default:
      return value.is_null() ? "<nil>" : ToString(value.histogram());
  }
}

}  // namespace

void GoPrinter::Sprint(std::span<const Value> args) {
  bool was_string = true;
  for (size_t i = 0; i < args.size(); ++i) {
    const bool is_string = KindOf(args[i].Unwrapped()) == GoKind::kString;
    if (i > 0 && !is_string && !was_string) out_ += ' ';
    was_string = is_string;
    PrintArg(args[i], 'v');
  }
}

void GoPrinter::Sprintln(std::span<const Value> args) {
  for (size_t i = 0; i < args.size(); ++i) {
    if (i > 0) out_ += ' ';
    PrintArg(args[i], 'v');
  }
  out_ += '\n';
}

void GoPrinter::Print(const Value& value, char32_t verb) { PrintArg(value, verb); }

void GoPrinter::PrintArg(const Value& held, char32_t verb) {
  if (has_overflowed()) return;
  const Value value = held.Unwrapped();
  if (value.is_nil()) {
    if (verb == 'T' || verb == 'v') return AppendPadded(flags_, "<nil>", out_);
    return PrintBadVerb(value, verb);
  }
  if (verb == 'T') return AppendGoString(flags_, TypeName(value), out_);
  if (verb == 'p') return PrintAddress(value, verb);
  PrintContent(value, verb, 0);
}

// `depth` is 0 for what was given and more for what it holds.
void GoPrinter::PrintContent(const Value& held, char32_t verb, int depth) {
  if (has_overflowed()) return;
  const Value value = held.Unwrapped();
  if (PrintByMethod(value, verb)) return;
  switch (KindOf(value)) {
    case GoKind::kInvalid:
      out_ += "<nil>";
      return;
    case GoKind::kBool:
      if (!IsOneOf(verb, "tv")) return PrintBadVerb(value, verb);
      return AppendPadded(flags_, value.boolean() ? "true" : "false", out_);
    case GoKind::kInt:
    case GoKind::kUint:
      return PrintInteger(value, verb);
    case GoKind::kFloat:
      return PrintFloat(value.number(), value, verb);
    case GoKind::kComplex:
      return PrintComplex(value, verb);
    case GoKind::kString:
      return PrintString(value.text(), value, verb);
    case GoKind::kMap:
      return PrintMap(value, verb, depth);
    case GoKind::kSlice:
      return PrintList(value, verb, depth);
    case GoKind::kStruct:
      return PrintStruct(value, verb, depth);
    default:
      return PrintPointer(value, verb, depth);
  }
}

bool GoPrinter::PrintByMethod(const Value& value, char32_t verb) {
  if (is_erroneous_ || value.is_nil()) return false;
  if (IsBuiltin(value)) return false;
  if (verb == 'w') {
    PrintBadVerb(value, verb);
    return true;
  }
  if (flags_.sharp_v) {
    if (value.type() != GoType::kTime) return false;
    AppendGoString(flags_, GoTimeSource(value.time()), out_);
    return true;
  }
  if (!HasString(value) || !IsOneOf(verb, "vsxXq")) return false;
  PrintString(StringOf(value), value, verb);
  return true;
}

void GoPrinter::PrintString(std::string_view text, const Value& value, char32_t verb) {
  switch (verb) {
    case 'v':
      return flags_.sharp_v ? AppendGoQuoted(flags_, text, out_)
                            : AppendGoString(flags_, text, out_);
    case 's':
      return AppendGoString(flags_, text, out_);
    case 'x':
    case 'X':
      return AppendGoHexText(flags_, text, verb == 'X', out_);
    case 'q':
      return AppendGoQuoted(flags_, text, out_);
    default:
      return PrintBadVerb(value, verb);
  }
}

void GoPrinter::PrintInteger(const Value& value, char32_t verb) {
  const bool is_signed = IsSignedInteger(value.type());
  const uint64_t bits = value.unsigned_integer();
  if (verb == 'v' && flags_.sharp_v && !is_signed) {
    FormatFlags flags = flags_;
    flags.sharp = true;
    return AppendGoInteger(flags, bits, false, 'x', out_);
  }
  if (IsOneOf(verb, "vdboOxX")) {
    return AppendGoInteger(flags_, bits, is_signed, static_cast<char>(verb), out_);
  }
  if (IsOneOf(verb, "cqU")) return AppendGoRune(flags_, bits, static_cast<char>(verb), out_);
  PrintBadVerb(value, verb);
}

void GoPrinter::PrintFloat(double number, const Value& value, char32_t verb) {
  if (!IsOneOf(verb, "vbgGxXfFeE")) return PrintBadVerb(value, verb);
  AppendGoFloat(flags_, number, static_cast<char>(verb), out_);
}

void GoPrinter::PrintComplex(const Value& value, char32_t verb) {
  if (!IsOneOf(verb, "vbgGxXfFeE")) return PrintBadVerb(value, verb);
  const std::complex<double> number = value.complex();
  const bool plus = flags_.plus;
  out_ += '(';
  PrintFloat(number.real(), value, verb);
  flags_.plus = true;
  PrintFloat(number.imag(), value, verb);
  flags_.plus = plus;
  out_ += "i)";
}

void GoPrinter::PrintMap(const Value& value, char32_t verb, int depth) {
  const bool is_source = flags_.sharp_v;
  out_ += is_source ? TypeName(value) + "{" : "map[";
  const char* separator = "";
  const auto print_entry = [&](std::string_view key, const Value& entry) {
    out_ += separator;
    separator = is_source ? ", " : " ";
    PrintContent(Value::View(key), verb, depth + 1);
    out_ += ':';
    if (entry.is_nil() && is_source) {
      out_ += "interface {}(nil)";
    } else {
      PrintContent(entry, verb, depth + 1);
    }
  };
  if (value.type() == GoType::kStringMap) {
    for (const auto& [name, text] : value.labels()) print_entry(name, Value::View(text));
  } else {
    for (const auto& [name, entry] : value.map().entries) print_entry(name, entry);
  }
  out_ += is_source ? '}' : ']';
}

void GoPrinter::PrintList(const Value& value, char32_t verb, int depth) {
  const bool is_source = flags_.sharp_v;
  if (is_source) {
    out_ += TypeName(value);
    if (value.is_null()) {
      out_ += "(nil)";
      return;
    }
  }
  out_ += is_source ? '{' : '[';
  for (int64_t i = 0; i < LengthOf(value); ++i) {
    if (i > 0) out_ += is_source ? ", " : " ";
    PrintContent(ElementAt(value, i), verb, depth + 1);
  }
  out_ += is_source ? '}' : ']';
}

void GoPrinter::PrintStruct(const Value& value, char32_t verb, int depth) {
  const bool is_source = flags_.sharp_v;
  if (is_source) out_ += TypeName(value);
  out_ += '{';
  const char* separator = "";
  for (const std::string_view name : FieldNamesOf(value.type())) {
    out_ += separator;
    separator = is_source ? ", " : " ";
    if (is_source || flags_.plus_v) StrAppend(&out_, name, ":");
    const std::optional<Value> hidden = HiddenFieldOf(value, name);
    PrintContent(hidden ? *hidden : *FieldOf(value, name), verb, depth + 1);
  }
  out_ += '}';
}

void GoPrinter::PrintPointer(const Value& value, char32_t verb, int depth) {
  const Value pointee = value.Pointee();
  if (depth == 0 && !value.is_null() && KindOf(pointee) == GoKind::kStruct) {
    out_ += '&';
    return PrintContent(pointee, verb, depth + 1);
  }
  PrintAddress(value, verb);
}

void GoPrinter::PrintAddress(const Value& value, char32_t verb) {
  const GoKind kind = KindOf(value);
  if (kind != GoKind::kPointer && kind != GoKind::kMap && kind != GoKind::kSlice) {
    return PrintBadVerb(value, verb);
  }
  const uint64_t address = value.is_null() ? 0 : kAddress;
  FormatFlags flags = flags_;
  if (verb == 'v') {
    if (flags_.sharp_v) {
      StrAppend(&out_, "(", TypeName(value), ")(", address == 0 ? "nil" : "0xc000000000", ")");
    } else if (address == 0) {
      AppendPadded(flags_, "<nil>", out_);
    } else {
      flags.sharp = !flags_.sharp;
      AppendGoInteger(flags, address, false, 'x', out_);
    }
    return;
  }
  if (verb == 'p') {
    flags.sharp = !flags_.sharp;
    return AppendGoInteger(flags, address, false, 'x', out_);
  }
  if (!IsOneOf(verb, "bodxX")) return PrintBadVerb(value, verb);
  AppendGoInteger(flags_, address, false, static_cast<char>(verb), out_);
}

void GoPrinter::PrintBadVerb(const Value& value, char32_t verb) {
  is_erroneous_ = true;
  out_ += "%!";
  AppendUtf8(out_, verb);
  out_ += '(';
  if (value.is_nil()) {
    out_ += "<nil>";
  } else {
    StrAppend(&out_, TypeName(value), "=");
    PrintArg(value, 'v');
  }
  out_ += ')';
  is_erroneous_ = false;
}

void GoPrinter::PrintExtra(std::span<const Value> args) {
  flags_ = {};
  out_ += "%!(EXTRA ";
  const char* separator = "";
  for (const Value& arg : args) {
    out_ += separator;
    separator = ", ";
    const Value value = arg.Unwrapped();
    if (value.is_nil()) {
      out_ += "<nil>";
    } else {
      StrAppend(&out_, TypeName(value), "=");
      PrintArg(value, 'v');
    }
  }
  out_ += ')';
}

std::string GoText(const Value& value, char verb) {
  GoPrinter printer(kMaxMessageBytes);
  printer.Print(value, verb);
  return printer.Take();
}

}  // namespace sloburn::rules
