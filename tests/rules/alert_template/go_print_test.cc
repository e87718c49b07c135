// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_template/go_print.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace sloburn::rules {
namespace {

std::string Sprintf(std::string_view format, std::initializer_list<Value> args) {
  GoPrinter printer(1 << 20);
  printer.Sprintf(format, std::vector<Value>(args));
  return printer.Take();
}

TEST(GoPrinter, Integers) {
  EXPECT_EQ(Sprintf("%d|%5d|%-5d|%05d|%+d|% d|%.3d",
                    {Value::Int(42), Value::Int(42), Value::Int(42), Value::Int(-42),
                     Value::Int(42), Value::Int(42), Value::Int(7)}),
            "42|   42|42   |-0042|+42| 42|007");
  EXPECT_EQ(Sprintf("%x %X %#x %o %#o %O %b %c %q %U %#U",
                    {Value::Int(255), Value::Int(255), Value::Int(255), Value::Int(8),
                     Value::Int(8), Value::Int(8), Value::Int(5), Value::Int('A'), Value::Int('A'),
                     Value::Int('A'), Value::Int('A')}),
            "ff FF 0xff 10 010 0o10 101 A 'A' U+0041 U+0041 'A'");
}

TEST(GoPrinter, Floats) {
  const Value pi = Value::Float(3.14159);
  EXPECT_EQ(Sprintf("%v|%.2f|%8.3f|%e|%g|%G|%x|%b",
                    {pi, pi, pi, pi, pi, Value::Float(1e-10), Value::Float(1.5), Value::Float(1)}),
            "3.14159|3.14|   3.142|3.141590e+00|3.14159|1E-10|0x1.8p+00|4503599627370496p-52");
  EXPECT_EQ(
      Sprintf("%v %v %5.1f", {Value::Float(1e6), Value::Float(HUGE_VAL), Value::Float(-HUGE_VAL)}),
      "1e+06 +Inf  -Inf");
  EXPECT_EQ(Sprintf("%x %.0x", {Value::Float(5e-324), Value::Float(1.9)}), "0x1p-1074 0x1p+01");
}

TEST(GoPrinter, Texts) {
  const Value text = Value::View("aé\n");
  EXPECT_EQ(Sprintf("%q|%+q|%x|% X|%.1s|%5.1s|%-4.1s|", {text, text, text, text, text, text, text}),
            "\"aé\\n\"|\"a\\u00e9\\n\"|61c3a90a|61 C3 A9 0A|a|    a|a   |");
}

TEST(GoPrinter, Misuse) {
  EXPECT_EQ(Sprintf("%d %z %d", {Value::View("x"), Value::Bool(true)}),
            "%!d(string=x) %!z(bool=true) %!d(MISSING)");
  EXPECT_EQ(Sprintf("%s%", {Value::View("x")}), "x%!(NOVERB)");
  EXPECT_EQ(Sprintf("x", {Value::Int(1), Value()}), "x%!(EXTRA int=1, <nil>)");
  EXPECT_EQ(Sprintf("%[3]d %[x]d %*d", {Value::Int(1)}),
            "%!d(BADINDEX) %!d(BADINDEX) %!d(MISSING)");
  EXPECT_EQ(Sprintf("%*d", {Value::View("x"), Value::Int(1)}), "%!(BADWIDTH)1");
  EXPECT_EQ(Sprintf("%.*f", {Value::View("x"), Value::Float(1)}), "%!(BADPREC)1.000000");
}

TEST(GoPrinter, Indexes) {
  EXPECT_EQ(Sprintf("%[2]d %[1]d", {Value::Int(1), Value::Int(2)}), "2 1");
  EXPECT_EQ(Sprintf("%[1]*[2]d|%-*d|", {Value::Int(4), Value::Int(7)}),
            "   7|%!(BADWIDTH)%!d(MISSING)|");
}

TEST(GoPrinter, TypesAndSources) {
  const Value labels = Value::StringMap(std::make_shared<Labels>(Labels::FromPairs({{"a", "b"}})));
  EXPECT_EQ(Sprintf("%v %T %#v %d", {labels, labels, labels, labels}),
            "map[a:b] map[string]string map[string]string{\"a\":\"b\"} "
            "map[%!d(string=a):%!d(string=b)]");
  EXPECT_EQ(Sprintf("%T %v %s", {Value(), Value(), Value()}), "<nil> <nil> %!s(<nil>)");
  EXPECT_EQ(Sprintf("%v %t", {Value::Complex({1, -2}), Value::Bool(false)}), "(1-2i) false");
}

TEST(GoPrinter, SpacesOnlyBetweenWhatIsNoText) {
  GoPrinter printer(100);
  printer.Sprint(std::vector<Value>{Value::Int(1), Value::Int(2), Value::View("a"), Value::Int(3)});
  EXPECT_EQ(printer.Take(), "1 2a3");
}

TEST(GoPrinter, StopsAtTheLimit) {
  GoPrinter printer(10);
  printer.Sprintf("%20d%s", std::vector<Value>{Value::Int(1), Value::View("x")});
  EXPECT_TRUE(printer.has_overflowed());
}

}  // namespace
}  // namespace sloburn::rules
