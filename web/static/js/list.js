// A list whose pages, orders and searches follow each other without a new page.
import { keepFocus } from "./focus.js";

keepFocus("list");
