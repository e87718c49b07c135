// SPDX-License-Identifier: Apache-2.0
#include "parser/lexer.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/utf8.h"
#include "parser/keywords.h"

namespace sloburn::parser {
namespace {

using Kind = TokenKind;

enum CharClass : uint8_t { kSpace = 1, kDigit = 2, kAlpha = 4 };

constexpr std::array<uint8_t, 256> kCharClasses = [] {
  std::array<uint8_t, 256> classes{};
  for (const char c : {' ', '\t', '\n', '\r'}) classes[c] = kSpace;
  for (int c = '0'; c <= '9'; ++c) classes[c] = kDigit;
  for (int c = 'a'; c <= 'z'; ++c) classes[c] = classes[c - 'a' + 'A'] = kAlpha;
  classes['_'] = kAlpha;
  return classes;
}();

bool Is(char c, int classes) { return kCharClasses[static_cast<unsigned char>(c)] & classes; }
bool IsSpace(char c) { return Is(c, kSpace); }
bool IsDigit(char c) { return Is(c, kDigit); }
bool IsAlpha(char c) { return Is(c, kAlpha); }
bool IsAlphaNumeric(char c) { return Is(c, kAlpha | kDigit); }
bool IsAscii(char c) { return static_cast<unsigned char>(c) < 0x80; }

// A rune as Go's %q prints it. The end of input is Go's rune -1.
std::string QuoteRune(std::string_view rest) {
  if (rest.empty()) return "'\xEF\xBF\xBD'";
  const Utf8Rune rune = DecodeUtf8(rest);
  if (!rune.is_valid) return "'\xEF\xBF\xBD'";
  const std::string_view text = rest.substr(0, rune.size);
  if (text == "'") return "'\\''";
  if (text == "\"") return "'\"'";
  const std::string quoted = GoQuote(text);
  return "'" + quoted.substr(1, quoted.size() - 2) + "'";
}

class Lexer {
 public:
  Lexer(std::string_view text, int max_nesting) : text_(text), max_nesting_(max_nesting) {}

  LexResult Run() {
    tokens_.reserve(text_.size() / 4 + 8);
    while (!is_done_) {
      start_ = pos_;
      if (brace_open_) {
        InsideBraces();
      } else if (in_duration_) {
        InsideDuration();
      } else {
        Statement();
      }
    }
    return {std::move(tokens_), std::move(error_), exceeds_nesting_};
  }

 private:
  bool AtEnd() const { return pos_ >= text_.size(); }
  char Peek(size_t ahead = 0) const {
    return pos_ + ahead < text_.size() ? text_[pos_ + ahead] : '\0';
  }
  std::string_view Rest() const { return text_.substr(std::min(pos_, text_.size())); }
  std::string_view Here() const { return text_.substr(start_, pos_ - start_); }

  Token& Emit(Kind kind) {
    Token& token = tokens_.emplace_back();
    token.kind = kind;
    token.text = Here();
    token.range = {static_cast<int>(start_), static_cast<int>(pos_)};
    start_ = pos_;
    signs_ = 0;
    return token;
  }
  void EmitName(Kind kind) {
    Token& token = Emit(kind);
    token.is_metric_name = token.is_label_name = true;
  }
  void EmitKeyword(const KeywordRow& row) {
    Token& token = Emit(row.kind);
    token.op = row.op;
    token.aggregate = row.aggregate;
    token.is_metric_name = row.is_metric_name;
    token.is_label_name = row.is_label_name;
  }
  void Emit(Kind kind, size_t length) {
    pos_ = start_ + length;
    Emit(kind);
  }
  void EmitOperator(BinaryOperator op, size_t length) {
    const bool is_sign = op == BinaryOperator::kAdd || op == BinaryOperator::kSubtract;
    if (is_sign && ++signs_ + depth_ > max_nesting_) return FailNesting();
    const int signs = is_sign ? signs_ : 0;
    Emit(Kind::kOperator, length);
    signs_ = signs;
    tokens_.back().op = op;
  }
  void Fail(std::string message) {
    Token& token = tokens_.emplace_back();
    token.kind = Kind::kError;
    token.range = {static_cast<int>(start_), static_cast<int>(std::max(start_, pos_))};
    error_ = std::move(message);
    is_done_ = true;
  }

  void FailNesting() {
    exceeds_nesting_ = true;
    Fail(absl::StrCat("nesting exceeds the limit of ", max_nesting_, " levels"));
  }

  // An opening bracket, which nests inside the signs before it. False when the limit is passed.
  bool Open(Kind kind) {
    levels_.push_back(signs_ + 1);
    depth_ += levels_.back();
    if (depth_ > max_nesting_) {
      FailNesting();
      return false;
    }
    Emit(kind, 1);
    return true;
  }

  void Close(Kind kind) {
    Emit(kind, 1);
    depth_ -= levels_.back();
    levels_.pop_back();
  }

  void OpenParen() {
    if (Open(Kind::kLeftParen)) ++parens_;
  }

  void CloseParen() {
    if (parens_ > 0) {
      --parens_;
      return Close(Kind::kRightParen);
    }
    // Prometheus points behind the parenthesis.
    start_ = ++pos_;
    Fail("unexpected right parenthesis ')'");
  }

  bool SkipSpaceOrComment() {
    if (IsSpace(Peek()) && !AtEnd()) {
      while (!AtEnd() && IsSpace(Peek())) ++pos_;
      return true;
    }
    if (Peek() != '#' || AtEnd()) return false;
    while (!AtEnd() && Peek() != '\n' && Peek() != '\r') ++pos_;
    return true;
  }

  void Statement() {
    if (SkipSpaceOrComment()) return;
    if (AtEnd()) {
      if (parens_ > 0) return Fail("unclosed left parenthesis");
      if (bracket_open_) return Fail("unclosed left bracket");
      Emit(Kind::kEnd);
      is_done_ = true;
      return;
    }
    const char c = Peek();
    if (Symbol(c)) return;
    if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return NumberOrDuration();
    if (c == '"' || c == '\'') return QuotedString(c);
    if (c == '`') return RawString();
    if (IsAlpha(c) || c == ':') return bracket_open_ ? BracketWord() : Word();
    Fail(absl::StrCat("unexpected character: ", QuoteRune(Rest())));
  }

  // Operators and brackets outside braces.
  bool Symbol(char c) {
    using Op = BinaryOperator;
    const char next = Peek(1);
    switch (c) {
      case ',': Emit(Kind::kComma, 1); return true;
      case '*': EmitOperator(Op::kMultiply, 1); return true;
      case '/': EmitOperator(Op::kDivide, 1); return true;
      case '%': EmitOperator(Op::kModulo, 1); return true;
      case '+': EmitOperator(Op::kAdd, 1); return true;
      case '-': EmitOperator(Op::kSubtract, 1); return true;
      case '^': EmitOperator(Op::kPower, 1); return true;
      case '@': Emit(Kind::kAt, 1); return true;
      case '=':
        if (next == '=') {
          EmitOperator(Op::kEqual, 2);
        } else if (next == '~') {
          ++pos_;
          Fail("unexpected character after '=': '~'");
        } else {
          Emit(Kind::kEqual, 1);
        }
        return true;
      case '!':
        if (next == '=') {
          EmitOperator(Op::kNotEqual, 2);
        } else {
          ++pos_;
          Fail(absl::StrCat("unexpected character after '!': ", QuoteRune(Rest())));
        }
        return true;
      case '<':
        next == '=' ? EmitOperator(Op::kLessOrEqual, 2)
                    : next == '/' ? EmitOperator(Op::kTrimUpper, 2) : EmitOperator(Op::kLess, 1);
        return true;
      case '>':
        next == '=' ? EmitOperator(Op::kGreaterOrEqual, 2)
                    : next == '/' ? EmitOperator(Op::kTrimLower, 2) : EmitOperator(Op::kGreater, 1);
        return true;
      default: return Bracket(c);
    }
  }

  bool Bracket(char c) {
    switch (c) {
      case '(': OpenParen(); return true;
      case ')': CloseParen(); return true;
      case '{': brace_open_ = Open(Kind::kLeftBrace); return true;
      case '[':
        if (bracket_open_) {
          Fail("unexpected left bracket '['");
          return true;
        }
        bracket_open_ = in_duration_ = Open(Kind::kLeftBracket);
        got_colon_ = false;
        return true;
      case ']':
        if (!bracket_open_) {
          Fail("unexpected right bracket ']'");
          return true;
        }
        CloseBracket();
        return true;
      default: return false;
    }
  }

  void CloseBracket() {
    Close(Kind::kRightBracket);
    bracket_open_ = in_duration_ = false;
  }

  void Word() {
    bool has_colon = false;
    for (; !AtEnd(); ++pos_) {
      if (IsAlphaNumeric(text_[pos_])) continue;
      if (text_[pos_] != ':') break;
      has_colon = true;
    }
    if (has_colon) return EmitName(Kind::kMetricIdentifier);
    const KeywordRow* const row = FindKeyword(Here());
    if (row == nullptr) return EmitName(Kind::kIdentifier);
    const bool is_fill = row->kind == Kind::kFill || row->kind == Kind::kFillLeft ||
                         row->kind == Kind::kFillRight;
    if (is_fill && !IsParenNext()) return EmitName(Kind::kIdentifier);
    EmitKeyword(*row);
  }

  bool IsParenNext() const {
    size_t i = pos_;
    while (i < text_.size() && IsSpace(text_[i])) ++i;
    return i < text_.size() && text_[i] == '(';
  }

  void InsideBraces() {
    if (SkipSpaceOrComment()) return;
    if (AtEnd()) return Fail("unexpected end of input inside braces");
    const char c = Peek();
    if (IsAlpha(c)) {
      while (!AtEnd() && IsAlphaNumeric(Peek())) ++pos_;
      return EmitName(Kind::kIdentifier);
    }
    switch (c) {
      case ',': return Emit(Kind::kComma, 1);
      case '"':
      case '\'': return QuotedString(c);
      case '`': return RawString();
      case '=': return Peek(1) == '~' ? Emit(Kind::kEqualRegex, 2) : Emit(Kind::kEqual, 1);
      case '!':
        if (Peek(1) == '~') return Emit(Kind::kNotEqualRegex, 2);
        if (Peek(1) == '=') return EmitOperator(BinaryOperator::kNotEqual, 2);
        ++pos_;
        return Fail(
            absl::StrCat("unexpected character after '!' inside braces: ", QuoteRune(Rest())));
      case '{': return Fail("unexpected left brace '{'");
      case '}':
        Close(Kind::kRightBrace);
        brace_open_ = false;
        return;
      default:
        return Fail(absl::StrCat("unexpected character inside braces: ", QuoteRune(Rest())));
    }
  }

  // From '[' to the first literal after it; then the rules of statements hold again, which is
  // where Prometheus' choice of messages comes from.
  void InsideDuration() {
    using Op = BinaryOperator;
    if (AtEnd()) return Fail("unexpected end of input in duration expression");
    const char c = Peek();
    if (IsSpace(c)) {
      ++pos_;
      return;
    }
    switch (c) {
      case ']': return CloseBracket();
      case ':': return DurationColon();
      case '(': return OpenParen();
      case ')': return CloseParen();
      case '+': return EmitOperator(Op::kAdd, 1);
      case '-': return EmitOperator(Op::kSubtract, 1);
      case '*': return EmitOperator(Op::kMultiply, 1);
      case '/': return EmitOperator(Op::kDivide, 1);
      case '%': return EmitOperator(Op::kModulo, 1);
      case '^': return EmitOperator(Op::kPower, 1);
      case ',': return Emit(Kind::kComma, 1);
      default: break;
    }
    if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) {
      in_duration_ = false;
      got_duration_ = true;
      return NumberOrDuration();
    }
    if (DurationKeyword()) return;
    Fail(absl::StrCat("unexpected character in duration expression: ", QuoteRune(Rest())));
  }

  void DurationColon() {
    start_ = ++pos_;
    if (!got_duration_) return Fail("unexpected colon before duration in duration expression");
    if (got_colon_) return Fail("unexpected repeated colon in duration expression");
    got_colon_ = true;
    --start_;
    Emit(Kind::kColon);
  }

  // A letter or a colon inside brackets, after the first literal.
  void BracketWord() {
    if (Peek() == ':') {
      if (got_colon_) return Fail("unexpected colon ':'");
      got_colon_ = true;
      return Emit(Kind::kColon, 1);
    }
    if (DurationKeyword()) return;
    Fail(absl::StrCat("unexpected character: ", QuoteRune(Rest()), ", expected ':'"));
  }

  bool DurationKeyword() {
    size_t end = pos_;
    while (end < text_.size() && IsAlpha(text_[end])) ++end;
    const KeywordRow* const row = FindKeyword(text_.substr(pos_, end - pos_));
    if (row == nullptr) return false;
    const bool is_call = row->kind == Kind::kMaxOf || row->kind == Kind::kMinOf;
    const bool is_value = row->kind == Kind::kStep || row->kind == Kind::kRange;
    if (!is_call && !is_value) return false;
    // `[step():1m]`: a duration, though not a literal.
    if (is_value) got_duration_ = true;
    pos_ = end;
    EmitKeyword(*row);
    return true;
  }

  bool Accept(std::string_view set) {
    if (AtEnd() || set.find(Peek()) == std::string_view::npos) return false;
    ++pos_;
    return true;
  }
  bool IsOneOf(std::string_view set) const {
    return !AtEnd() && set.find(Peek()) != std::string_view::npos;
  }

  void NumberOrDuration() {
    if (ScanNumber()) return Emit(Kind::kNumber, pos_ - start_);
    if (ScanDurationRest()) return Emit(Kind::kDuration, pos_ - start_);
    Fail(absl::StrCat("bad number or duration syntax: ", GoQuote(Here())));
  }

  // The scan stops where the text stops being a number; `pos_` then tells how far it got, which
  // the error message shows. An `e` counts as exponent among hexadecimal digits too, except right
  // after the prefix: 0xbee is a number to nobody.
  bool ScanNumber() {
    std::string_view digits = "0123456789";
    if (Accept("0") && Accept("xX")) {
      Accept("_");
      digits = "0123456789abcdefABCDEF";
    }
    const bool is_hex = digits.size() > 10;
    Accept(".");
    Accept(digits);
    bool has_dot = false, has_exponent = false;
    while (IsOneOf(digits) || IsOneOf("._eE")) {
      if (has_dot && Accept(".")) return false;
      if (has_exponent && Accept("eE")) return false;
      if (Accept(".")) {
        has_dot = true;
        if (Accept("_.") || is_hex) return false;
      } else if (Accept("eE")) {
        has_exponent = true;
        Accept("+-");
        if (Accept("._eE") || AtEnd()) return false;
      } else if (Accept("_")) {
        if (Accept("._eE") || AtEnd()) return false;
      } else {
        while (Accept(digits)) {
        }
      }
    }
    return AtEnd() || !IsAlphaNumeric(Peek());
  }

  bool ScanDurationRest() {
    if (!Accept("smhdwy")) return false;
    Accept("s");
    while (Accept("0123456789")) {
      while (Accept("0123456789")) {
      }
      if (!Accept("smhdw")) return false;
      Accept("s");
    }
    if (!AtEnd() && IsAlphaNumeric(Peek())) {
      ++pos_;
      return false;
    }
    return true;
  }

  void QuotedString(char quote) {
    ++pos_;
    while (true) {
      if (AtEnd() || Peek() == '\n') return Fail("unterminated quoted string");
      const char c = Peek();
      if (c == quote) {
        ++pos_;
        Emit(Kind::kString);
        return;
      }
      if (c == '\\') {
        if (!SkipEscape(quote)) return;
        continue;
      }
      if (IsAscii(c)) {
        ++pos_;
        continue;
      }
      const Utf8Rune rune = DecodeUtf8(Rest());
      // Go's decoder answers U+FFFD for bad bytes, so the character itself is refused as well.
      if (!rune.is_valid || rune.code == 0xfffd) return Fail("invalid UTF-8 rune");
      pos_ += rune.size;
    }
  }

  // Checks one escape sequence; its meaning is found out by string_literal.
  bool SkipEscape(char quote) {
    ++pos_;
    if (AtEnd()) {
      Fail("escape sequence not terminated");
      return false;
    }
    const char c = Peek();
    int count = 0;
    uint32_t base = 16, highest = 255;
    switch (c) {
      case 'a': case 'b': case 'f': case 'n': case 'r': case 't': case 'v': case '\\':
        ++pos_;
        return true;
      case 'x': count = 2; ++pos_; break;
      case 'u': count = 4; highest = 0x10ffff; ++pos_; break;
      case 'U': count = 8; highest = 0x10ffff; ++pos_; break;
      default:
        if (c == quote) {
          ++pos_;
          return true;
        }
        if (c < '0' || c > '7') {
          Fail(absl::StrCat("unknown escape sequence ", UnicodeName()));
          return false;
        }
        count = 3;
        base = 8;
    }
    uint64_t code = 0;
    for (int i = 0; i < count; ++i) {
      if (AtEnd()) {
        Fail("escape sequence not terminated");
        return false;
      }
      const int digit = absl::ascii_isxdigit(Peek()) ? HexDigit(Peek()) : 99;
      if (digit >= static_cast<int>(base)) {
        Fail(absl::StrCat("illegal character ", UnicodeName(), " in escape sequence"));
        return false;
      }
      code = code * base + digit;
      ++pos_;
    }
    if (code > highest || (code >= 0xd800 && code < 0xe000)) {
      Fail("escape sequence is an invalid Unicode code point");
      return false;
    }
    return true;
  }

  static int HexDigit(char c) {
    return IsDigit(c) ? c - '0' : absl::ascii_tolower(c) - 'a' + 10;
  }

  // As Go's %#U: U+0063 'c', without the character where it cannot be printed.
  std::string UnicodeName() const {
    const Utf8Rune rune = DecodeUtf8(Rest());
    const std::string name = absl::StrFormat("U+%04X", rune.code);
    const std::string quoted = QuoteRune(Rest());
    const bool is_printable = quoted[1] != '\\' || rune.code == '\\' || rune.code == '\'';
    if (!is_printable) return name;
    return absl::StrCat(name, " '", std::string(Rest().substr(0, rune.size)), "'");
  }

  void RawString() {
    ++pos_;
    while (true) {
      if (AtEnd()) return Fail("unterminated raw string");
      const char c = Peek();
      if (c == '`') {
        ++pos_;
        Emit(Kind::kString);
        return;
      }
      if (IsAscii(c)) {
        ++pos_;
        continue;
      }
      const Utf8Rune rune = DecodeUtf8(Rest());
      if (!rune.is_valid || rune.code == 0xfffd) return Fail("invalid UTF-8 rune");
      pos_ += rune.size;
    }
  }

  const std::string_view text_;
  const int max_nesting_;
  size_t start_ = 0, pos_ = 0;
  std::vector<Token> tokens_;
  std::string error_;
  int parens_ = 0;
  int signs_ = 0;            // signs in a row before here
  int depth_ = 0;            // of brackets and signs
  std::vector<int> levels_;  // what each open bracket adds to depth_
  bool exceeds_nesting_ = false;
  bool brace_open_ = false, bracket_open_ = false;
  bool in_duration_ = false;  // inside brackets, before the first literal
  bool got_colon_ = false, got_duration_ = false;
  bool is_done_ = false;
};

}  // namespace

LexResult Lex(std::string_view text, int max_nesting) { return Lexer(text, max_nesting).Run(); }

}  // namespace sloburn::parser
