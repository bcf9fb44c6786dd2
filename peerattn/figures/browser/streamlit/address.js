// Tells Python the query of the page's address when it differs from the one that Python knows.

/** @param {StreamlitComponent<{ known: string | null }>} component */
export default ({ data, setStateValue }) => {
  if (location.search !== data.known) setStateValue("query", location.search);
};
