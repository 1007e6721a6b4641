//! Aligned columns.

use console::{measure_text_width, truncate_str};

use super::style::{Style, Tone};

/// How a column is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    /// Words.
    Left(&'static str),
    /// Numbers.
    Right(&'static str),
    /// Free text, cut where the terminal ends. At most one.
    Flexible(&'static str),
    /// Sentences, wrapped where the terminal ends. Only the last one.
    Wrapped(&'static str),
}

/// A piece of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    /// Text in a tone. It must be harmless already.
    pub(crate) fn toned(tone: Tone, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { text, tone }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::toned(Tone::Plain, text)
    }
}

/// Rows under a heading.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

const GAP: &str = "  ";
/// A flexible column is not cut below this.
const NARROWEST: usize = 12;
/// Nor a wrapped one.
const NARROWEST_PROSE: usize = 24;

impl Table {
    /// A table without rows.
    pub(crate) fn new(columns: impl Into<Vec<Column>>) -> Self {
        Self {
            columns: columns.into(),
            rows: Vec::new(),
        }
    }

    /// Adds a row, one cell for each column.
    pub(crate) fn row(&mut self, cells: impl Into<Vec<Cell>>) {
        self.rows.push(cells.into());
    }

    /// Whether there are no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Sets the table, with `indent` spaces before each line and at most `width` columns of the terminal wide, where it has one.
    /// Columns that are empty in every row are left out.
    pub(crate) fn set(&self, style: Style, indent: usize, width: Option<usize>) -> String {
        let mut columns: Vec<(usize, Column, usize)> = Vec::new();
        for (at, column) in self.columns.iter().enumerate() {
            let cells = self.rows.iter().filter_map(|row| row.get(at));
            let widest = cells
                .map(|cell| measure_text_width(&cell.text))
                .max()
                .unwrap_or(0);
            if widest > 0 {
                let heading = measure_text_width(column.heading());
                columns.push((at, *column, widest.max(heading)));
            }
        }
        if let Some(width) = width {
            let total = indent
                + columns.iter().map(|(_, _, width)| width).sum::<usize>()
                + GAP.len() * columns.len().saturating_sub(1);
            let over = total.saturating_sub(width);
            let flexible: fn(&Column) -> bool = |column| matches!(column, Column::Flexible(_));
            let wrapped: fn(&Column) -> bool = |column| matches!(column, Column::Wrapped(_));
            let mut over = over;
            for narrower in [wrapped as fn(&Column) -> bool, flexible] {
                if let Some((_, column, wide)) =
                    columns.iter_mut().find(|(_, column, _)| narrower(column))
                {
                    let least = match wrapped(column) {
                        true => NARROWEST_PROSE,
                        false => NARROWEST,
                    };
                    let new = wide.saturating_sub(over).max(least.min(*wide));
                    over -= *wide - new;
                    *wide = new;
                }
            }
        }
        let mut text = String::new();
        if self
            .columns
            .iter()
            .any(|column| !column.heading().is_empty())
        {
            let headings = columns
                .iter()
                .map(|(_, column, _)| Cell::toned(Tone::Faint, column.heading()))
                .collect::<Vec<_>>();
            line(&mut text, style, indent, &columns, headings.iter());
        }
        for row in &self.rows {
            let cells: Vec<&Cell> = columns.iter().filter_map(|(at, ..)| row.get(*at)).collect();
            let (Some((_, Column::Wrapped(_), width)), Some((prose, before))) =
                (columns.last(), cells.split_last())
            else {
                line(&mut text, style, indent, &columns, cells.into_iter());
                continue;
            };
            for (place, part) in wrap(&prose.text, *width).into_iter().enumerate() {
                let part = Cell::toned(prose.tone, part);
                let empty = Cell::default();
                let before = before
                    .iter()
                    .map(|cell| if place == 0 { *cell } else { &empty });
                line(&mut text, style, indent, &columns, before.chain([&part]));
            }
        }
        text
    }
}

impl Column {
    fn heading(&self) -> &'static str {
        match self {
            Column::Left(heading)
            | Column::Right(heading)
            | Column::Flexible(heading)
            | Column::Wrapped(heading) => heading,
        }
    }
}

/// Cuts a text between words into lines of at most `width` columns. A longer word has a line of its own.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { break };
        let wide = measure_text_width(line);
        if wide > 0 && wide + 1 + measure_text_width(word) > width {
            lines.push(word.to_owned());
        } else {
            if wide > 0 {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

fn line<'a>(
    text: &mut String,
    style: Style,
    indent: usize,
    columns: &[(usize, Column, usize)],
    cells: impl Iterator<Item = &'a Cell>,
) {
    let begin = text.len();
    text.push_str(&" ".repeat(indent));
    for (place, ((_, column, width), cell)) in columns.iter().zip(cells).enumerate() {
        if place > 0 {
            text.push_str(GAP);
        }
        let shown = truncate_str(&cell.text, *width, "…");
        let blank = " ".repeat(width.saturating_sub(measure_text_width(&shown)));
        let painted = match shown.is_empty() {
            true => String::new(),
            false => style.paint(cell.tone, &shown),
        };
        match column {
            Column::Left(_) | Column::Flexible(_) | Column::Wrapped(_) => {
                text.push_str(&painted);
                text.push_str(&blank);
            }
            Column::Right(_) => {
                text.push_str(&blank);
                text.push_str(&painted);
            }
        }
    }
    let end = text[begin..].trim_end_matches(' ').len();
    text.truncate(begin + end);
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new([
            Column::Left("Subnet"),
            Column::Flexible("Description"),
            Column::Right("Known"),
            Column::Right("Missing"),
        ]);
        table.row([
            "10.77.0.0/24".into(),
            "東京 office".into(),
            "1,022".into(),
            "".into(),
        ] as [Cell; 4]);
        table.row(["10.77.4.0/22".into(), "x".into(), "2".into(), "".into()] as [Cell; 4]);
        table
    }

    #[test]
    fn columns_are_aligned_and_empty_ones_left_out() {
        assert_eq!(
            table().set(Style::none(), 2, None),
            "  Subnet        Description  Known\n  10.77.0.0/24  東京 office  1,022\n  10.77.4.0/22  x                2\n",
            "wide characters take two columns, numbers stand to the right, no line ends with blanks"
        );
    }

    #[test]
    fn sentences_go_on_below_themselves() {
        let mut table = Table::new([Column::Left("Subnet"), Column::Wrapped("Why")]);
        table.row([
            "10.0.0.0/24".into(),
            "one two three four five six seven".into(),
        ] as [Cell; 2]);
        assert_eq!(
            table.set(Style::none(), 0, Some(40)),
            "Subnet       Why\n10.0.0.0/24  one two three four five six\n             seven\n",
            "nothing is cut, and the columns stay"
        );
    }

    #[test]
    fn the_free_text_is_cut_where_the_terminal_ends() {
        let mut table = table();
        table.row([
            "10.0.0.0/24".into(),
            "a".repeat(90).into(),
            "".into(),
            "".into(),
        ] as [Cell; 4]);
        let text = table.set(Style::none(), 0, Some(60));
        for line in text.lines() {
            assert!(measure_text_width(line) <= 60, "too wide: {line}");
        }
        assert!(text.contains('…'), "and it is seen that there is more");
    }
}
