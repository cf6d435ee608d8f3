// Functions and classes, and which of them a place in the code belongs to.
#ifndef CHECKS_FLAGS_DEFINITIONS_H_
#define CHECKS_FLAGS_DEFINITIONS_H_

#include <string>
#include <string_view>

#include "checks/flags/syntax_tree.h"

namespace gate::flags {

std::string NameOf(const SyntaxTree& tree, NodeId definition);

// The function that a token is the name of, in its first line or as a constant that is nothing but
// that function; 0 for none.
NodeId FunctionNamed(const SyntaxTree& tree, NodeId token);

// The function in whose body a node lies; 0 for none.
NodeId DefinitionAround(const SyntaxTree& tree, NodeId node);

// Whether a node lies in the body of a function or lambda, with no class between, or in a template:
// otherwise it runs on loading.
bool RunsLater(const SyntaxTree& tree, NodeId node);

// The function or class of whose first line a token is, outside of types; 0 for none.
NodeId HeaderAround(const SyntaxTree& tree, NodeId token);

// Said of a function that stands for another, which those call who know that one.
inline constexpr std::string_view kOverrides = "it overrides what others call";
// And of a method of a controller.
inline constexpr std::string_view kRouted = "a route may lead to it";

// Why others than code that names it may call a function: the framework, the runtime, or whoever an
// annotation hands it to. Empty where there is no sign of that.
std::string_view WhyCalledByOthers(const SyntaxTree& tree, NodeId function);

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_DEFINITIONS_H_
