// Package meaning places texts in a vector space in which texts with similar meanings are near each other, even
// if they share no word: "my rabbit stopped pooping" is near a passage on gut stasis.
//
// A word starts at its place in general English ([Vectors], made from public text). Training ([Train]) moves it
// towards the words of questions with the same answer. A text is the weighted sum of its words: there is no
// network to run, and a text of 20 words takes microseconds. The package knows neither guides nor pets.
package meaning
