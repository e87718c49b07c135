// SPDX-License-Identifier: Apache-2.0
// Template text -> tokens, by the rules of Go's text/template.
//
// The last token is the end of the text or an error, whose text is the message. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sloburn::rules {

enum class TemplateTokenKind : uint8_t {
  kError,
  kEnd,
  kText,
  kLeftDelim,
  kRightDelim,
  kSpace,
  kBool,
  kChar,  // any other character, such as a comma
  kCharConstant,
  kComplex,
  kNumber,
  kString,
  kRawString,
  kAssign,
  kDeclare,
  kField,  // with its dot
  kIdentifier,
  kVariable,  // with its dollar sign
  kLeftParen,
  kRightParen,
  kPipe,
  // What follows is shown as <word> in messages.
  kDot,
  kNil,
  kBlock,
  kBreak,
  kContinue,
  kDefine,
  kElse,
  kEndWord,
  kIf,
  kRange,
  kTemplate,
  kWith,
};

struct TemplateToken {
  TemplateTokenKind kind;
  size_t pos;  // in bytes
  std::string text;
  int line;  // from 1
};

std::vector<TemplateToken> LexTemplate(std::string_view text);

// As messages show it: `"abc"`, `<end>`, `EOF`; long ones are cut.
std::string Describe(const TemplateToken& token);

}  // namespace sloburn::rules
