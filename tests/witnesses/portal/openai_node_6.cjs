// What openai_node.cjs does, with the 6.x line of the package.

require("./openai_node.cjs");
