package scheme

import (
	"regexp"
	"strings"
)

// Village rules may not infringe personal and democratic rights, nor touch welfare and public services. Words of items
// that may do so are pointed out; people decide.
var (
	// taken are words of deductions and consequences.
	taken = strings.Fields(`上访 信访 缠访 闹访 非访 越级访 集体访 告状 举报 投诉 控告 申诉 起诉 诉讼 打官司 维权
		言论 发帖 跟帖 网上发布 发表意见 提意见 谣 抖音 朋友圈
		宗教 信仰 信教 教会 教堂 寺庙
		患病 疾病 生病 残疾 精神病 传染病 艾滋 体检 疫苗 接种
		结婚 离婚 再婚 复婚 改嫁 早婚 婚姻 婚恋 未婚 不婚 单身 恋爱 早恋 生育 怀孕 超生 计划生育 节育 结扎 彩礼
		未成年 儿童 孩子 小孩 学生 辍学 逃学
		不投票 弃权 不参加选举 反对票 罢免`)
	// An expression below is tried only where one of the words beside it stands, because most items have none.
	givenUpHas  = strings.Fields(`访 诉 举报 控告 维权 教 离婚 再婚 生育 放弃 节育 结扎 堕胎 引产 低保`)
	servicesHas = strings.Fields(`取消 停 扣发 限制 不予 不给 不得 拒绝`)
	appHas      = strings.Fields(`小程序 app 软件 平台 公众号 账号 客户端 签到 打卡 登录 登陆`)
	// given up are words of awards for not using a right.
	givenUp = regexp.MustCompile(`(不|未|无|零|没有|停止|停|息|罢|撤|劝返|放弃|撤回|撤销).{0,4}(上访|信访|越级访|举报|投诉|控告|申诉|起诉|诉讼|维权|信教|宗教|离婚|生育|再婚)|` +
		`息访|罢访|停访|息诉|撤诉|罢诉|放弃.{0,8}(权|补偿|补助|赔偿|救助|低保|继承|申请)|退教|节育|结扎|堕胎|引产|主动退出低保`)
	// services are what no rule of a village may block.
	services = regexp.MustCompile(`(取消|停发|停止|扣发|暂停|限制).{0,6}(低保|五保|救助|补助|补贴|医保|社保|养老金|户口|参军|入学|上学|贷款|公共服务)|(不予|不给|不得|拒绝|停止|暂停).{0,4}(办理|办事|盖章|开证明|开具证明|出具证明|落户|分红|享受)`)
	// app is points for using the program instead of doing something.
	app = regexp.MustCompile(`(?i)(下载|安装|注册|登录|登陆|打开|关注|绑定|使用|转发|分享).{0,8}(小程序|app|软件|平台|公众号|账号|客户端)|(小程序|app|软件|平台|公众号).{0,4}(签到|打卡|登录|登陆|注册|安装)|(每日|每天|天天|日常|连续).{0,4}(签到|打卡|登录|登陆)`)
)

func (b *binder) checkRights(it *Item, n *node) {
	lo, hi := it.sides()
	effects := len(it.effects()) > 0
	words := it.said()
	at := n.get("name")
	if lo < 0 || effects || it.Set {
		if w := mentions(words, taken); w != "" {
			b.warn(at, "rights", "事项里有“"+w+"”，可能涉及村民的合法权利", "村规不能因信访、投诉、言论、信仰、健康、婚姻、未成年人等扣分，请核对，必要时删去这个事项")
			return
		}
	}
	if hi > 0 {
		if w := find(givenUp, givenUpHas, words); w != "" {
			b.warn(at, "rights", "事项里有“"+w+"”，像是奖励村民放弃合法权利", "村规不能拿积分换村民不信访、不投诉、放弃待遇等，请核对，必要时删去这个事项")
			return
		}
	}
	if w := find(services, servicesHas, words); w != "" {
		b.warn(at, "rights", "事项里有“"+w+"”，积分不能影响低保、证明、医保等公共服务", "积分的后果只能是积分、兑换、排名和评比，请删去这个说法")
	}
	if w := find(app, appHas, words); w != "" && hi > 0 {
		b.warn(at, "app", "事项里有“"+w+"”，像是给安装、登录或每日签到记分", "积分应当记给村民做的事，请删去这个事项，或写清楚做了什么事")
	}
}

// mentions is the first of the words that stands in a text, empty where none does.
func mentions(text string, words []string) string {
	for _, w := range words {
		if strings.Contains(text, w) {
			return w
		}
	}
	return ""
}

func find(re *regexp.Regexp, has []string, text string) string {
	if mentions(strings.ToLower(text), has) == "" {
		return ""
	}
	return re.FindString(text)
}

// said is all the words of an item that people read.
func (i *Item) said() string {
	var s strings.Builder
	s.WriteString(i.Name + "\n" + i.Hint)
	for _, g := range i.Value.Grades {
		s.WriteString("\n" + g.Name)
	}
	for _, p := range i.Value.Parts {
		s.WriteString("\n" + p.Name)
		for _, o := range p.Options {
			s.WriteString("\n" + o.Name)
		}
	}
	return s.String()
}
