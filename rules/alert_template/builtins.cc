// SPDX-License-Identifier: Apache-2.0
// The builtin functions of Go's text/template.
#include <cstdio>
#include <vector>

#include "base/form_escape.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "rules/alert_template/escape.h"
#include "rules/alert_template/functions.h"
#include "rules/alert_template/go_print.h"

namespace sloburn::rules {
namespace {

using Args = std::span<const Value>;
using Result = absl::StatusOr<Value>;

absl::Status Error(std::string message) { return absl::InvalidArgumentError(std::move(message)); }

// Through pointers; `is_null` tells where one leads nowhere.
Value Indirect(const Value& value, bool& is_null) {
  const Value content = value.Unwrapped();
  is_null =
      (content.is_pointer() && content.is_null()) || (content.is_nil() && value.is_interface());
  return content.is_pointer() && !is_null ? content.Pointee() : content;
}

absl::StatusOr<int64_t> ToIndex(const Value& held, int64_t limit) {
  const Value index = held.Unwrapped();
  if (index.is_nil()) return Error("cannot index slice/array with nil");
  const GoKind kind = KindOf(index);
  if (kind != GoKind::kInt && kind != GoKind::kUint) {
    return Error("cannot index slice/array with type " + TypeName(index));
  }
  if (index.integer() < 0 || index.integer() > limit) {
    return Error(StrCat("index out of range: ", index.integer()));
  }
  return index.integer();
}

Result MapEntry(const Value& map, const Value& held) {
  const Value key = held.Unwrapped();
  if (key.is_nil()) return Error("value is nil; should be of type string");
  if (key.type() != GoType::kString) {
    return Error(StrCat("value has type ", TypeName(key), "; should be string"));
  }
  if (map.type() == GoType::kStringMap) return Value::Part(map.labels().Get(key.text()), map);
  const auto& entries = map.map().entries;
  const auto found = entries.find(key.text());
  return (found == entries.end() ? Value() : found->second).Interface();
}

Result Index(CallContext&, Args args) {
  Value item = args[0].Unwrapped();
  if (item.is_nil()) return Error("index of untyped nil");
  for (const Value& index : args.subspan(1)) {
    bool is_null = false;
    item = Indirect(item, is_null);
    if (is_null) return Error("index of nil pointer");
    switch (KindOf(item)) {
      case GoKind::kSlice:
      case GoKind::kString: {
        const int64_t length = LengthOf(item);
        ASSIGN_OR_RETURN(const int64_t at, ToIndex(index, length));
        if (at == length) {
          return Error(item.type() == GoType::kString || item.type() == GoType::kHtml
                           ? "reflect: string index out of range"
                           : "reflect: slice index out of range");
        }
        item = ElementAt(item, at);
        break;
      }
      case GoKind::kMap: {
        ASSIGN_OR_RETURN(item, MapEntry(item, index));
        break;
      }
      default:
        return Error("can't index item of type " + TypeName(item));
    }
  }
  return item;
}

Result Slice(CallContext&, Args args) {
  bool is_null = false;
  if (args[0].Unwrapped().is_nil()) return Error("slice of untyped nil");
  const Value item = Indirect(args[0], is_null);
  if (is_null) return Error("slice of nil pointer");
  const Args indexes = args.subspan(1);
  if (indexes.size() > 3) return Error(StrCat("too many slice indexes: ", indexes.size()));
  const GoKind kind = KindOf(item);
  if (kind == GoKind::kString && indexes.size() == 3) {
    return Error("cannot 3-index slice a string");
  }
  if (kind != GoKind::kString && kind != GoKind::kSlice) {
    return Error("can't slice item of type " + TypeName(item));
  }
  int64_t bounds[3] = {0, LengthOf(item), 0};
  for (size_t i = 0; i < indexes.size(); ++i) {
    // Unlike index, Go's slice does not look into an interface{}.
    if (indexes[i].is_interface()) return Error("cannot index slice/array with type interface {}");
    ASSIGN_OR_RETURN(bounds[i], ToIndex(indexes[i], LengthOf(item)));
  }
  for (size_t i = 0; i + 1 < std::max<size_t>(indexes.size(), 2); ++i) {
    if (bounds[i] > bounds[i + 1]) {
      return Error(StrCat("invalid slice index: ", bounds[i], " > ", bounds[i + 1]));
    }
  }
  const int64_t size = bounds[1] - bounds[0];
  switch (item.type()) {
    case GoType::kFloats: {
      const auto begin = item.floats().begin() + bounds[0];
      return Value::Floats(std::vector<double>(begin, begin + size));
    }
    case GoType::kSpans: {
      const auto begin = item.spans().begin() + bounds[0];
      return Value::Spans(std::make_shared<std::vector<BucketSpan>>(begin, begin + size));
    }
    case GoType::kSamples: {
      const auto begin = item.samples().begin() + bounds[0];
      return Value::Samples(std::make_shared<TemplateSamples>(begin, begin + size));
    }
    case GoType::kHtml:
      return Value::String(std::string(item.text().substr(bounds[0], size)), GoType::kHtml);
    default:
      return Value::Part(item.text().substr(bounds[0], size), item);
  }
}

Result Length(CallContext&, Args args) {
  if (args[0].is_nil() && !args[0].is_interface()) {
    return Error("reflect: call of reflect.Value.Type on zero Value");
  }
  bool is_null = false;
  const Value item = Indirect(args[0], is_null);
  if (is_null) return Error("len of nil pointer");
  const GoKind kind = KindOf(item);
  if (kind != GoKind::kString && kind != GoKind::kSlice && kind != GoKind::kMap) {
    return Error("len of type " + TypeName(item));
  }
  return Value::Int(LengthOf(item));
}

Result Not(CallContext&, Args args) { return Value::Bool(!IsTrue(args[0])); }

bool IsBasic(GoKind kind) { return kind >= GoKind::kBool && kind <= GoKind::kString; }

absl::Status Incompatible(const Value& a, const Value& b) {
  return Error(StrCat("incompatible types for comparison: ", TypeName(a), " and ", TypeName(b)));
}

// Of two integers of which one is signed and the other is not.
bool AreEqualIntegers(const Value& a, const Value& b) {
  return a.integer() == b.integer() && a.integer() >= 0;
}

bool AreEqualBasics(GoKind kind, const Value& a, const Value& b) {
  switch (kind) {
    case GoKind::kFloat:
      return a.number() == b.number();
    case GoKind::kComplex:
      return a.complex() == b.complex();
    case GoKind::kString:
      return a.text() == b.text();
    default:
      return a.integer() == b.integer();
  }
}

absl::StatusOr<bool> AreEqualOthers(const Value& a, const Value& b) {
  const GoKind kind_a = KindOf(a), kind_b = KindOf(b);
  if (kind_a != kind_b && kind_a != GoKind::kInvalid && kind_b != GoKind::kInvalid) {
    return Error(StrCat("non-comparable types ", GoText(a, 's'), ": ", TypeName(a), ", ",
                        TypeName(b), ": ", GoText(b)));
  }
  const auto is_nil = [](const Value& value, GoKind kind) {
    return kind == GoKind::kInvalid || (kind != GoKind::kStruct && value.is_null());
  };
  if (is_nil(a, kind_a) || is_nil(b, kind_b)) return is_nil(a, kind_a) == is_nil(b, kind_b);
  const bool is_comparable =
      kind_b == GoKind::kPointer || (kind_b == GoKind::kStruct && b.type() == GoType::kTime);
  if (!is_comparable) {
    return Error(StrCat("non-comparable type ", GoText(b, 's'), ": ", TypeName(b)));
  }
  if (a.type() != b.type()) return false;
  if (kind_b == GoKind::kPointer) return a.address() == b.address();
  return a.time().time == b.time().time && a.time().zone == b.time().zone;
}

absl::StatusOr<bool> AreEqual(const Value& held_a, const Value& held_b) {
  const Value a = held_a.Unwrapped(), b = held_b.Unwrapped();
  const GoKind kind_a = KindOf(a), kind_b = KindOf(b);
  const bool is_basic_a = IsBasic(kind_a), is_basic_b = IsBasic(kind_b);
  if (!is_basic_a && !is_basic_b) return AreEqualOthers(a, b);
  if (is_basic_a && kind_a == kind_b) return AreEqualBasics(kind_a, a, b);
  const bool are_integers = (kind_a == GoKind::kInt && kind_b == GoKind::kUint) ||
                            (kind_a == GoKind::kUint && kind_b == GoKind::kInt);
  if (are_integers) return AreEqualIntegers(a, b);
  if (!a.is_nil() && !b.is_nil()) return Incompatible(a, b);
  return false;
}

absl::StatusOr<bool> IsLess(const Value& held_a, const Value& held_b) {
  const Value a = held_a.Unwrapped(), b = held_b.Unwrapped();
  const GoKind kind_a = KindOf(a), kind_b = KindOf(b);
  if (!IsBasic(kind_a) || !IsBasic(kind_b)) return Error("invalid type for comparison");
  if (kind_a == GoKind::kInt && kind_b == GoKind::kUint) {
    return a.integer() < 0 || a.unsigned_integer() < b.unsigned_integer();
  }
  if (kind_a == GoKind::kUint && kind_b == GoKind::kInt) {
    return b.integer() >= 0 && a.unsigned_integer() < b.unsigned_integer();
  }
  if (kind_a != kind_b) return Incompatible(a, b);
  switch (kind_a) {
    case GoKind::kInt:
      return a.integer() < b.integer();
    case GoKind::kUint:
      return a.unsigned_integer() < b.unsigned_integer();
    case GoKind::kFloat:
      return a.number() < b.number();
    case GoKind::kString:
      return a.text() < b.text();
    default:
      return Error("invalid type for comparison");
  }
}

absl::StatusOr<bool> IsLessOrEqual(const Value& a, const Value& b) {
  ASSIGN_OR_RETURN(const bool is_less, IsLess(a, b));
  if (is_less) return true;
  return AreEqual(a, b);
}

Result Eq(CallContext&, Args args) {
  if (args.size() < 2) return Error("missing argument for comparison");
  for (const Value& other : args.subspan(1)) {
    ASSIGN_OR_RETURN(const bool is_equal, AreEqual(args[0], other));
    if (is_equal) return Value::Bool(true);
  }
  return Value::Bool(false);
}

Result Ne(CallContext&, Args args) {
  ASSIGN_OR_RETURN(const bool is_equal, AreEqual(args[0], args[1]));
  return Value::Bool(!is_equal);
}

Result Lt(CallContext&, Args args) {
  ASSIGN_OR_RETURN(const bool is_less, IsLess(args[0], args[1]));
  return Value::Bool(is_less);
}

Result Le(CallContext&, Args args) {
  ASSIGN_OR_RETURN(const bool is_less_or_equal, IsLessOrEqual(args[0], args[1]));
  return Value::Bool(is_less_or_equal);
}

Result Gt(CallContext&, Args args) {
  ASSIGN_OR_RETURN(const bool is_less_or_equal, IsLessOrEqual(args[0], args[1]));
  return Value::Bool(!is_less_or_equal);
}

Result Ge(CallContext&, Args args) {
  ASSIGN_OR_RETURN(const bool is_less, IsLess(args[0], args[1]));
  return Value::Bool(!is_less);
}

GoPrinter PrinterOf(const CallContext& context) {
  return GoPrinter(context.environment.limits.max_output_bytes);
}

Result Print(CallContext& context, Args args) {
  GoPrinter printer = PrinterOf(context);
  printer.Sprint(args);
  return TextResult(context, printer.Take());
}

Result Println(CallContext& context, Args args) {
  GoPrinter printer = PrinterOf(context);
  printer.Sprintln(args);
  return TextResult(context, printer.Take());
}

Result Printf(CallContext& context, Args args) {
  GoPrinter printer = PrinterOf(context);
  printer.Sprintf(args[0].text(), args.subspan(1));
  return TextResult(context, printer.Take());
}

// As print, but a pointer is shown by what it points to, and nil by words.
std::string Joined(const CallContext& context, Args args) {
  std::vector<Value> shown;
  for (const Value& arg : args) {
    const Value value = arg.Unwrapped();
    if (value.is_nil()) {
      shown.push_back(Value::View("<no value>"));
    } else if (value.is_pointer() && !value.is_null() && value.type() != GoType::kHistogram) {
      shown.push_back(value.Pointee());
    } else {
      shown.push_back(value);
    }
  }
  GoPrinter printer = PrinterOf(context);
  printer.Sprint(shown);
  return printer.Take();
}

Result Html(CallContext& context, Args args) {
  return TextResult(context, EscapeHtml(Joined(context, args)));
}
Result Js(CallContext& context, Args args) {
  return TextResult(context, EscapeJs(Joined(context, args)));
}
Result UrlQuery(CallContext& context, Args args) {
  return TextResult(context, FormEscape(Joined(context, args)));
}

// No value of a template is a function. args[0] is the text of the callee.
Result Call(CallContext&, Args args) {
  const Value callee = args[1].Unwrapped();
  if (callee.is_nil()) return Error("call of nil");
  return Error(StrCat("non-function ", args[0].text(), " of type ", TypeName(callee)));
}

constexpr ParamType kPrintf[] = {ParamType::kString, ParamType::kAny};

using Special = TemplateFunction::Special;
constexpr TemplateFunction kFunctions[] = {
    {"and", kTwoReflect, true, nullptr, Special::kAnd},
    {"call", kTwoReflect, true, Call, Special::kCall},
    {"eq", kTwoReflect, true, Eq},
    {"ge", kTwoReflect, false, Ge},
    {"gt", kTwoReflect, false, Gt},
    {"html", kOneAny, true, Html},
    {"index", kTwoReflect, true, Index},
    {"js", kOneAny, true, Js},
    {"le", kTwoReflect, false, Le},
    {"len", kOneReflect, false, Length},
    {"lt", kTwoReflect, false, Lt},
    {"ne", kTwoReflect, false, Ne},
    {"not", kOneReflect, false, Not},
    {"or", kTwoReflect, true, nullptr, Special::kOr},
    {"print", kOneAny, true, Print},
    {"printf", kPrintf, true, Printf},
    {"println", kOneAny, true, Println},
    {"slice", kTwoReflect, true, Slice},
    {"urlquery", kOneAny, true, UrlQuery},
};

}  // namespace

std::span<const TemplateFunction> BuiltinFunctions() { return kFunctions; }

}  // namespace sloburn::rules
