// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_template/go_print.h"

#include <utility>

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
    case GoType::kTime: return true;
    case GoType::kHistogram: return value.is_pointer();
    default: return false;
  }
}

std::string StringOf(const Value& value) {
  switch (value.type()) {
    case GoType::kDuration: return GoDurationText(value.integer());
    case GoType::kMonth: return GoMonthName(value.integer());
    case GoType::kWeekday: return GoWeekdayName(value.integer());
    case GoType::kTime: return GoTimeText(value.time());
    default: return value.is_null() ? "<nil>" : ToString(value.histogram());
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
    case GoKind::kInvalid: out_ += "<nil>"; return;
    case GoKind::kBool:
      if (!IsOneOf(verb, "tv")) return PrintBadVerb(value, verb);
      return AppendPadded(flags_, value.boolean() ? "true" : "false", out_);
    case GoKind::kInt:
    case GoKind::kUint: return PrintInteger(value, verb);
    case GoKind::kFloat: return PrintFloat(value.number(), value, verb);
    case GoKind::kComplex: return PrintComplex(value, verb);
    case GoKind::kString: return PrintString(value.text(), value, verb);
    case GoKind::kMap: return PrintMap(value, verb, depth);
    case GoKind::kSlice: return PrintList(value, verb, depth);
    case GoKind::kStruct: return PrintStruct(value, verb, depth);
    default: return PrintPointer(value, verb, depth);
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
      return flags_.sharp_v ? AppendGoQuoted(flags_, text, out_) : AppendGoString(flags_, text, out_);
    case 's': return AppendGoString(flags_, text, out_);
    case 'x':
    case 'X': return AppendGoHexText(flags_, text, verb == 'X', out_);
    case 'q': return AppendGoQuoted(flags_, text, out_);
    default: return PrintBadVerb(value, verb);
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

// Walks a format of Sprintf.
class GoPrinter::FormatReader {
 public:
  FormatReader(std::string_view format, std::span<const Value> args, GoPrinter& printer)
      : format_(format), args_(args), printer_(printer), out_(printer.out_) {}

  void Run() {
    while (at_ < format_.size() && !printer_.has_overflowed()) {
      const size_t percent = std::min(format_.find('%', at_), format_.size());
      out_ += format_.substr(at_, percent - at_);
      at_ = percent;
      if (at_ >= format_.size()) break;
      ++at_;
      if (!ReadDirective()) break;
    }
    if (!is_reordered_ && arg_ < args_.size()) printer_.PrintExtra(args_.subspan(arg_));
  }

 private:
  static constexpr int kMostNumber = 1'000'000;

  char Here() const { return at_ < format_.size() ? format_[at_] : '\0'; }

  bool ReadDirective() {
    FormatFlags& flags = printer_.flags_;
    flags = {};
    is_index_good_ = true;
    for (; at_ < format_.size(); ++at_) {
      bool* const flag = FlagOf(format_[at_], flags);
      if (flag == nullptr) break;
      *flag = true;
    }
    bool follows_index = ReadIndex();
    follows_index = ReadWidth(follows_index);
    // A point at the very end is taken for a verb.
    if (Here() == '.' && at_ + 1 < format_.size()) {
      ++at_;
      if (follows_index) is_index_good_ = false;
      follows_index = ReadPrecision();
    }
    if (!follows_index) ReadIndex();
    if (at_ >= format_.size()) {
      out_ += "%!(NOVERB)";
      return false;
    }
    PrintVerb();
    return true;
  }

  static bool* FlagOf(char c, FormatFlags& flags) {
    switch (c) {
      case '#': return &flags.sharp;
      case '0': return &flags.zero;
      case '+': return &flags.plus;
      case '-': return &flags.minus;
      case ' ': return &flags.space;
      default: return nullptr;
    }
  }

  bool ReadWidth(bool follows_index) {
    FormatFlags& flags = printer_.flags_;
    if (Here() == '*') {
      ++at_;
      flags.width = TakeIntArg();
      if (!flags.width) out_ += "%!(BADWIDTH)";
      if (flags.width.value_or(0) < 0) {
        flags.width = -*flags.width;
        flags.minus = true;
        flags.zero = false;
      }
      return false;
    }
    flags.width = ReadNumber(format_.size());
    if (follows_index && flags.width) is_index_good_ = false;
    return follows_index;
  }

  bool ReadPrecision() {
    FormatFlags& flags = printer_.flags_;
    const bool follows_index = ReadIndex();
    if (Here() == '*') {
      ++at_;
      flags.precision = TakeIntArg();
      if (flags.precision.value_or(0) < 0) flags.precision.reset();
      if (!flags.precision) out_ += "%!(BADPREC)";
      return false;
    }
    flags.precision = ReadNumber(format_.size()).value_or(0);
    return follows_index;
  }

  // Digits up to `end`. A number that is too large takes the rest of the format with it.
  std::optional<int> ReadNumber(size_t end) {
    std::optional<int> number;
    while (at_ < end && format_[at_] >= '0' && format_[at_] <= '9') {
      if (number.value_or(0) > kMostNumber) {
        at_ = end;
        return std::nullopt;
      }
      number = number.value_or(0) * 10 + (format_[at_] - '0');
      ++at_;
    }
    return number;
  }

  // "[3]": the argument that is used next. Returns whether there was one.
  bool ReadIndex() {
    if (Here() != '[') return false;
    is_reordered_ = true;
    const size_t open = at_;
    const size_t close = format_.size() - open < 3 ? std::string_view::npos : format_.find(']', open + 1);
    if (close == std::string_view::npos) {
      at_ = open + 1;
      is_index_good_ = false;
      return false;
    }
    at_ = open + 1;
    const std::optional<int> number = ReadNumber(close);
    const bool is_number = number.has_value() && at_ == close;
    at_ = close + 1;
    if (is_number && *number >= 1 && static_cast<size_t>(*number) <= args_.size()) {
      arg_ = *number - 1;
      return true;
    }
    is_index_good_ = false;
    return is_number;
  }

  // A width or precision that is an argument.
  std::optional<int> TakeIntArg() {
    if (arg_ >= args_.size()) return std::nullopt;
    const Value value = args_[arg_++].Unwrapped();
    const GoKind kind = KindOf(value);
    if (kind != GoKind::kInt && kind != GoKind::kUint) return std::nullopt;
    const int64_t number = value.integer();
    if (number > kMostNumber || number < -kMostNumber) return std::nullopt;
    return static_cast<int>(number);
  }

  void PrintVerb() {
    const Utf8Rune rune = DecodeUtf8(format_.substr(at_));
    at_ += rune.size;
    const char32_t verb = rune.code;
    const auto complain = [&](std::string_view what) {
      out_ += "%!";
      AppendUtf8(out_, verb);
      out_ += what;
    };
    if (verb == '%') {
      out_ += '%';
    } else if (!is_index_good_) {
      complain("(BADINDEX)");
    } else if (arg_ >= args_.size()) {
      complain("(MISSING)");
    } else {
      FormatFlags& flags = printer_.flags_;
      if (verb == 'v' || verb == 'w') {
        flags.sharp_v = std::exchange(flags.sharp, false);
        flags.plus_v = std::exchange(flags.plus, false);
      }
      printer_.PrintArg(args_[arg_++], verb);
    }
  }

  const std::string_view format_;
  const std::span<const Value> args_;
  GoPrinter& printer_;
  std::string& out_;
  size_t at_ = 0, arg_ = 0;
  bool is_index_good_ = true, is_reordered_ = false;
};

void GoPrinter::Sprintf(std::string_view format, std::span<const Value> args) {
  FormatReader(format, args, *this).Run();
}

std::string GoText(const Value& value, char verb) {
  GoPrinter printer(kMaxMessageBytes);
  printer.Print(value, verb);
  return printer.Take();
}

}  // namespace sloburn::rules
