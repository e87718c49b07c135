// SPDX-License-Identifier: Apache-2.0
#include "parser/lexer.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/utf8.h"
#include "parser/keywords.h"

namespace sloburn::parser {
namespace {

using Kind = TokenKind;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlpha(char c) { return c == '_' || absl::ascii_isalpha(c); }
bool IsAlphaNumeric(char c) { return IsAlpha(c) || IsDigit(c); }

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
    while (!is_done_) {
      start_ = pos_;
      if (brace_open_) {
        InsideBraces();
      } else if (bracket_open_) {
        InsideBrackets();
      } else {
        Statement();
      }
    }
    return {std::move(tokens_), deepest_};
  }

 private:
  bool AtEnd() const { return pos_ >= text_.size(); }
  char Peek(size_t ahead = 0) const {
    return pos_ + ahead < text_.size() ? text_[pos_ + ahead] : '\0';
  }
  std::string_view Rest() const { return text_.substr(std::min(pos_, text_.size())); }
  std::string_view Here() const { return text_.substr(start_, pos_ - start_); }

  void Emit(Kind kind) {
    Token token;
    token.kind = kind;
    token.text = std::string(Here());
    token.range = {static_cast<int>(start_), static_cast<int>(pos_)};
    tokens_.push_back(std::move(token));
    start_ = pos_;
  }
  void Emit(Kind kind, size_t length) {
    pos_ = start_ + length;
    Emit(kind);
  }
  void EmitOperator(BinaryOperator op, size_t length) {
    Emit(Kind::kOperator, length);
    tokens_.back().op = op;
  }
  void Fail(std::string message) {
    Token token;
    token.kind = Kind::kError;
    token.text = std::move(message);
    token.range = {static_cast<int>(start_), static_cast<int>(std::max(start_, pos_))};
    tokens_.push_back(std::move(token));
    is_done_ = true;
  }

  // False when the limit is passed.
  bool Enter() {
    deepest_ = std::max(deepest_, ++depth_);
    if (depth_ <= max_nesting_) return true;
    Fail(absl::StrCat("nesting exceeds the limit of ", max_nesting_, " levels"));
    return false;
  }

  bool SkipSpaceOrComment() {
    if (IsSpace(Peek()) && !AtEnd()) {
      while (!AtEnd() && IsSpace(Peek())) ++pos_;
      return true;
    }
    if (Peek() != '#' || AtEnd()) return false;
    while (!AtEnd() && Peek() != '\n') ++pos_;
    return true;
  }

  void Statement() {
    if (SkipSpaceOrComment()) return;
    if (AtEnd()) {
      if (parens_ > 0) return Fail("unclosed left parenthesis");
      Emit(Kind::kEnd);
      is_done_ = true;
      return;
    }
    const char c = Peek();
    if (Symbol(c)) return;
    if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return NumberOrDuration();
    if (c == '"' || c == '\'') return QuotedString(c);
    if (c == '`') return RawString();
    if (IsAlpha(c) || c == ':') return Word();
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
      case '(':
        if (!Enter()) return true;
        Emit(Kind::kLeftParen, 1);
        ++parens_;
        return true;
      case ')':
        Emit(Kind::kRightParen, 1);
        --depth_;
        if (--parens_ < 0) Fail("unexpected right parenthesis ')'");
        return true;
      case '{':
        if (!Enter()) return true;
        Emit(Kind::kLeftBrace, 1);
        brace_open_ = true;
        return true;
      case '[':
        if (!Enter()) return true;
        Emit(Kind::kLeftBracket, 1);
        bracket_open_ = true;
        is_first_in_bracket_ = true;
        got_colon_ = false;
        got_duration_ = false;
        while (!AtEnd() && IsSpace(Peek())) ++pos_;
        return true;
      case ']':
        ++pos_;
        Fail("unexpected right bracket ']'");
        return true;
      default: return false;
    }
  }

  void Word() {
    while (!AtEnd() && (IsAlphaNumeric(Peek()) || Peek() == ':')) ++pos_;
    const std::string_view word = Here();
    const KeywordRow* const row = FindKeyword(word);
    if (row == nullptr) {
      const bool has_colon = word.find(':') != std::string_view::npos;
      return Emit(has_colon ? Kind::kMetricIdentifier : Kind::kIdentifier);
    }
    const bool is_fill = row->kind == Kind::kFill || row->kind == Kind::kFillLeft ||
                         row->kind == Kind::kFillRight;
    if (is_fill && !IsParenNext()) return Emit(Kind::kIdentifier);
    Emit(row->kind);
    tokens_.back().op = row->op;
    tokens_.back().aggregate = row->aggregate;
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
      return Emit(Kind::kIdentifier);
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
      case '{':
        ++pos_;
        return Fail("unexpected left brace '{'");
      case '}':
        Emit(Kind::kRightBrace, 1);
        --depth_;
        brace_open_ = false;
        return;
      default:
        return Fail(absl::StrCat("unexpected character inside braces: ", QuoteRune(Rest())));
    }
  }

  // Until the first literal Prometheus lexes a duration expression; after it, statements again,
  // with another choice of messages.
  void InsideBrackets() {
    const bool in_expression = is_first_in_bracket_ || !got_duration_;
    if (!AtEnd() && IsSpace(Peek())) {
      SkipSpaceOrComment();
      return;
    }
    if (AtEnd()) {
      return Fail(in_expression ? "unexpected end of input in duration expression"
                  : parens_ > 0 ? "unclosed left parenthesis"
                                : "unclosed left bracket");
    }
    const char c = Peek();
    using Op = BinaryOperator;
    switch (c) {
      case ']':
        Emit(Kind::kRightBracket, 1);
        --depth_;
        bracket_open_ = false;
        return;
      case ':': return BracketColon(in_expression);
      case '(':
        if (!Enter()) return;
        ++parens_;
        return Emit(Kind::kLeftParen, 1);
      case ')':
        Emit(Kind::kRightParen, 1);
        --depth_;
        if (--parens_ < 0) Fail("unexpected right parenthesis ')'");
        return;
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
      is_first_in_bracket_ = false;
      got_duration_ = true;
      return NumberOrDuration();
    }
    if (IsAlpha(c)) return BracketWord(in_expression);
    if (in_expression) {
      return Fail(absl::StrCat("unexpected character in duration expression: ", QuoteRune(Rest())));
    }
    if (c == '[') {
      ++pos_;
      return Fail("unexpected left bracket '['");
    }
    if (!Symbol(c)) Fail(absl::StrCat("unexpected character: ", QuoteRune(Rest())));
  }

  void BracketColon(bool in_expression) {
    ++pos_;
    if (in_expression && !got_duration_) {
      return Fail("unexpected colon before duration in duration expression");
    }
    if (got_colon_) {
      return Fail(in_expression ? "unexpected repeated colon in duration expression"
                                : "unexpected colon ':'");
    }
    got_colon_ = true;
    Emit(Kind::kColon);
  }

  void BracketWord(bool in_expression) {
    size_t end = pos_;
    while (end < text_.size() && IsAlpha(text_[end])) ++end;
    const KeywordRow* const row = FindKeyword(text_.substr(pos_, end - pos_));
    const bool is_word = row != nullptr && (row->kind == Kind::kStep || row->kind == Kind::kRange ||
                                            row->kind == Kind::kMaxOf || row->kind == Kind::kMinOf);
    if (is_word) {
      if (row->kind == Kind::kStep || row->kind == Kind::kRange) got_duration_ = true;
      return Emit(row->kind, end - pos_);
    }
    const std::string rune = QuoteRune(Rest());
    Fail(in_expression ? absl::StrCat("unexpected character in duration expression: ", rune)
                       : absl::StrCat("unexpected character: ", rune, ", expected ':'"));
  }

  bool Accept(std::string_view set) {
    if (AtEnd() || set.find(Peek()) == std::string_view::npos) return false;
    ++pos_;
    return true;
  }
  bool Is(std::string_view set) const {
    return !AtEnd() && set.find(Peek()) != std::string_view::npos;
  }

  void NumberOrDuration() {
    if (ScanNumber()) return Emit(Kind::kNumber);
    if (ScanDurationRest()) return Emit(Kind::kDuration);
    Fail(absl::StrCat("bad number or duration syntax: ", GoQuote(Here())));
  }

  // The scan stops where the text stops being a number; `pos_` then tells how far it got, which
  // the error message shows.
  bool ScanNumber() {
    std::string_view digits = "0123456789";
    bool is_hex = false;
    if (Accept("0") && Accept("xX")) {
      Accept("_");
      digits = "0123456789abcdefABCDEF";
      is_hex = true;
    }
    Accept(".");
    Accept(digits);
    bool has_dot = false, has_exponent = false;
    while (Is(digits) || Is("._eE")) {
      if (Is(".") && has_dot) return Accept(".") && false;
      if (!is_hex && Is("eE") && has_exponent) return Accept("eE") && false;
      if (Accept(".")) {
        has_dot = true;
        if (Accept("_.")) return false;
        if (is_hex) return false;
      } else if (!is_hex && Accept("eE")) {
        has_exponent = true;
        Accept("+-");
        if (Accept("._eE") || AtEnd()) return false;
      } else if (Accept("_")) {
        if (Accept("._eE") || AtEnd()) return false;
      } else if (!Accept(digits)) {
        break;
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
        return Emit(Kind::kString);
      }
      if (c == '\\') {
        if (!SkipEscape(quote)) return;
        continue;
      }
      const Utf8Rune rune = DecodeUtf8(Rest());
      if (!rune.is_valid) return Fail("invalid UTF-8 rune");
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

  // U+0063 'c'
  std::string UnicodeName() const {
    const Utf8Rune rune = DecodeUtf8(Rest());
    return absl::StrCat("U+", absl::Hex(rune.code, absl::kZeroPad4), " ", QuoteRune(Rest()));
  }

  void RawString() {
    ++pos_;
    while (true) {
      if (AtEnd()) return Fail("unterminated raw string");
      if (Peek() == '`') {
        ++pos_;
        return Emit(Kind::kString);
      }
      const Utf8Rune rune = DecodeUtf8(Rest());
      if (!rune.is_valid) return Fail("invalid UTF-8 rune");
      pos_ += rune.size;
    }
  }

  const std::string_view text_;
  const int max_nesting_;
  size_t start_ = 0, pos_ = 0;
  std::vector<Token> tokens_;
  int parens_ = 0, depth_ = 0, deepest_ = 0;
  bool brace_open_ = false, bracket_open_ = false;
  bool is_first_in_bracket_ = false, got_colon_ = false, got_duration_ = false;
  bool is_done_ = false;
};

}  // namespace

LexResult Lex(std::string_view text, int max_nesting) { return Lexer(text, max_nesting).Run(); }

}  // namespace sloburn::parser
