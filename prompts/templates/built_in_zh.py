"""The built-in templates in Chinese: the same ids and variables as in English, in words of their own."""

from __future__ import annotations

from prompts.models import Category
from prompts.templates.rendering import Variable
from prompts.templates.shorthand import one_of, template_in, words

__all__ = ["CHINESE"]

template = template_in("zh-hans")
PHOTO = Variable(name="photo", label="商品图", kind="image")
PRODUCT = words("name", "商品", "胡桃木手摇咖啡磨")
FEATURES = words("features", "要突出的卖点", "黄铜摇柄、外露磨芯、细腻哑光漆面")
PLACE = words("place", "场景", "洒满阳光的厨房台面")
AVOID_PRODUCT = "外形扭曲，比例失真，多余部件，画面闪烁，模糊，水印"
AVOID_PEOPLE = "手部畸形，多余手指，面部扭曲，动作僵硬，画面闪烁，模糊"
PRODUCT_MOVES = one_of("camera", "运镜", "镜头缓慢环绕", "镜头轻轻推近", "镜头贴近台面自左向右平移", "固定机位特写")

PRODUCTS = (
    template(
        "product-showcase",
        Category.PRODUCT,
        "白底棚拍",
        "专业商品展示视频，主体是{name}[，{features}]，纯净白色背景，柔和棚拍灯光，镜头平稳移动，细节清晰",
        *(PHOTO, PRODUCT, FEATURES),
        avoid=AVOID_PRODUCT,
    ),
    template(
        "product-electronics",
        Category.PRODUCT,
        "数码电子",
        "{name}的专业产品短片[，重点展示{features}]，造型利落，科技感十足，产品缓缓旋转，深色渐变背景，一道轮廓光勾出边缘线条",
        *(PHOTO, words("name", "商品", "头戴式无线耳机"), words("features", "功能", "折叠转轴、触控面板、环形指示灯")),
        avoid=AVOID_PRODUCT,
    ),
    template(
        "product-clothing",
        Category.PRODUCT,
        "服装上身",
        "{name}的专业展示视频，真人模特上身[，模特是{person}]，转身一周，面料随动作自然垂坠摆动，展现版型与动态，棚拍灯光，全身平视镜头",
        *(PHOTO, words("name", "服装", "亚麻夏季连衣裙"), words("person", "模特", "三十岁左右的短发女性")),
        avoid=AVOID_PEOPLE,
    ),
    template(
        "product-other",
        Category.PRODUCT,
        "其他商品",
        "{name}的专业商品视频，干净的白色背景，专业产品摄影质感，底部有柔和投影，镜头缓慢环绕",
        *(PHOTO, PRODUCT),
        avoid=AVOID_PRODUCT,
    ),
    template(
        "product-in-use",
        Category.PRODUCT,
        "日常使用",
        "在{place}使用{name}：一双手{action}，特写指尖与材质接触的瞬间，{camera}，浅景深，窗边自然光，从容安静",
        PRODUCT,
        PLACE,
        words("action", "手上的动作", "缓缓转动摇柄，咖啡豆被细细磨碎"),
        PRODUCT_MOVES,
        avoid=AVOID_PEOPLE,
    ),
    template(
        "product-reveal",
        Category.PRODUCT,
        "光影揭幕",
        "{name}静置在黑色镜面上，一束{light}的光自左向右扫过，从黑暗中逐渐照亮{detail}，微距镜头，空气中有细小浮尘，缓慢而优雅",
        *(PHOTO, words("name", "商品", "玻璃香水瓶"), words("detail", "被照亮的细节", "切面与琥珀色的液体")),
        one_of("light", "光线", "暖金色", "冷白色", "深蓝色"),
        avoid=AVOID_PRODUCT,
    ),
)
HOMES = (
    template(
        "real-estate-tour",
        Category.REAL_ESTATE,
        "看房视频",
        "{property_type}的看房视频，{rooms}个房间[，{features}]，晴天采光通透，广角镜头横平竖直，镜头与视线同高，平稳向前推进，专业地产宣传片质感",
        words("property_type", "房型", "带院子的两层小楼"),
        Variable(name="rooms", label="房间数", kind="number", default="4", example="4"),
        words("features", "亮点", "橡木地板、开放式厨房、花园露台"),
        avoid="人物，杂物，墙体弯曲，鱼眼畸变，画面闪烁",
    ),
    template(
        "real-estate-exterior",
        Category.REAL_ESTATE,
        "航拍外景",
        "航拍{surroundings}中的{property_type}，无人机缓缓升高并向右环绕，{hour}，影子拉得很长，空气通透，色彩真实",
        words("property_type", "建筑", "带泳池的白色别墅"),
        words("surroundings", "周边环境", "海边开满橄榄树的山坡"),
        one_of("hour", "时间", "日落前的金色光线", "明亮的清晨", "蓝调时刻，窗内亮着灯"),
        avoid="建筑变形，线条融化，快速晃动",
    ),
    template(
        "real-estate-room",
        Category.REAL_ESTATE,
        "一个空间一个镜头",
        "{room}内景，{furnishing}，纱帘随微风轻摆，阳光在{material}上缓缓移动，镜头掠过前景向一侧平移，温暖安静",
        words("room", "空间", "落地窗客厅"),
        words("furnishing", "家具", "灰色矮沙发配圆形橡木茶几"),
        words("material", "光线落在", "人字拼地板"),
        avoid="人物，杂物，墙体弯曲，画面闪烁",
    ),
    template(
        "real-estate-staging",
        Category.REAL_ESTATE,
        "让照片动起来",
        "房间与图片保持完全一致，镜头极缓慢地推近，日光略微变暖，窗外树叶轻轻晃动[，{movement}]，其余一切不变",
        Variable(name="photo", label="房间照片", kind="image"),
        words("movement", "还有什么在动", "壁炉里火苗跳动"),
        avoid="新增家具，墙体移动，线条扭曲，人物",
    ),
)
DISHES = (
    template(
        "food-dish",
        Category.FOOD,
        "菜品与烹饪",
        "令人垂涎的美食视频，{dish_name}[，食材有{ingredients}]，锅中热气升腾的烹饪过程，近景特写，电影感美食摄影",
        words("dish_name", "菜名", "麻婆豆腐"),
        words("ingredients", "食材", "嫩豆腐、牛肉末、花椒"),
        avoid="颜色失真，塑料质感，模糊，餐具变形",
    ),
    template(
        "food-pour",
        Category.FOOD,
        "慢动作浇淋",
        "微距特写，{liquid}以慢动作浇在{dish}上，浓稠的汁水拉出光泽，溅起细小液滴，热气在深色背景前升起，逆光拍摄",
        words("liquid", "浇什么", "滚烫的焦糖酱"),
        words("dish", "浇在什么上", "一球香草冰淇淋"),
        avoid="塑料质感，液体凝固，模糊",
    ),
    template(
        "food-table",
        Category.FOOD,
        "一桌好菜",
        "俯拍{table}上的{dishes}，几双手伸进画面夹菜，镜头缓缓下降，{mood}，色泽自然诱人",
        words("dishes", "菜品", "饺子、小菜和热气腾腾的火锅"),
        words("table", "桌子", "深色木质圆桌"),
        one_of("mood", "氛围", "节日团圆的气氛", "温馨家常", "清爽夏日"),
        avoid=AVOID_PEOPLE,
    ),
    template(
        "food-drink",
        Category.FOOD,
        "冰爽饮品",
        "玻璃杯里的{drink}，杯壁凝着水珠缓缓滑落，冰块轻轻转动折射光线，杯口装饰{garnish}，气泡不断上升，{place}，明亮逆光，镜头慢慢推近",
        words("drink", "饮品", "柠檬气泡水"),
        words("garnish", "装饰", "一片柠檬和薄荷叶"),
        words("place", "场景", "正午的海边酒吧"),
        avoid="杯子变形，物体悬浮，模糊",
    ),
)
POSTS = (
    template(
        "about",
        Category.SOCIAL,
        "任意主题",
        "一段关于{title}的视频。[{description}]",
        words("title", "标题", "北京的第一场雪"),
        words("description", "描述", "红墙、猫爪印、安静的清晨。"),
    ),
    template(
        "social-hook",
        Category.SOCIAL,
        "开场抓人",
        "{subject}突然{surprise}，广角镜头贴近拍摄，快速推近，{colours}，节奏强烈，主体从第一刻起就占满画面",
        words("subject", "主体", "打瞌睡的橘猫"),
        words("surprise", "意外的动作", "以慢动作扑向镜头"),
        one_of("colours", "色彩", "色彩浓郁", "霓虹色调", "马卡龙色调"),
    ),
    template(
        "social-day",
        Category.SOCIAL,
        "生活瞬间",
        "{person}在{place}{activity}，手持镜头与肩同高，动作细微自然，现场柔光，真实温暖，像朋友随手拍下的一刻",
        words("person", "人物", "年轻的咖啡师"),
        words("activity", "在做什么", "用奶泡拉出一只天鹅"),
        words("place", "地点", "街角的小咖啡馆"),
        avoid=AVOID_PEOPLE,
    ),
    template(
        "social-before-after",
        Category.SOCIAL,
        "前后变化",
        "延时摄影，{thing}从{before}渐渐变成{after}，机位固定，构图不变，光影在画面中流动，顺滑治愈",
        words("thing", "什么在变化", "光秃秃的阳台"),
        words("before", "变化前", "空荡灰暗"),
        words("after", "变化后", "开满鲜花、挂着小串灯"),
        avoid="镜头抖动，构图跳变，画面闪烁",
    ),
)
EVENTS = (
    template(
        "event-invitation",
        Category.EVENT,
        "邀请函氛围",
        "{place}里的{event}，{decoration}，宾客在背景中化作柔和剪影，光斑朦胧，镜头缓缓向前滑行，满怀期待，{mood}",
        words("event", "活动", "夏日婚礼"),
        words("place", "地点", "老花房"),
        words("decoration", "布置", "白玫瑰与上百支烛光"),
        one_of("mood", "氛围", "浪漫", "喜庆", "庄重", "俏皮"),
        avoid=AVOID_PEOPLE,
    ),
    template(
        "event-stage",
        Category.EVENT,
        "舞台与人群",
        "从人群中望向大舞台上的{performer}，前景是高举的双手，{light}的光束穿透烟雾，彩纸缓缓飘落，镜头自低处越过人头升起",
        words("performer", "台上的人", "四人乐队"),
        one_of("light", "灯光", "蓝紫交错", "暖金色", "纯白色"),
        avoid=AVOID_PEOPLE,
    ),
    template(
        "event-festival",
        Category.EVENT,
        "节庆",
        "{hour}的{place}正在过{festival}，{details}，盛装的人们从镜头前走过，镜头沿街缓慢跟移，色彩浓郁，热闹喜庆",
        words("festival", "节日", "元宵节"),
        words("place", "地点", "江南水乡古镇"),
        one_of("hour", "时间", "黄昏", "夜晚", "正午"),
        words("details", "画面里有什么", "红灯笼倒映在河面，孔明灯缓缓升空"),
        avoid=AVOID_PEOPLE,
    ),
    template(
        "event-launch",
        Category.EVENT,
        "新品发布",
        "昏暗的发布会舞台，一束追光打在缓缓旋转的{product}上，薄雾弥漫，前景是观众剪影，{accent}的点缀光，摇臂镜头缓缓下降逼近，充满悬念与高级感",
        words("product", "新品", "银色电动轿车"),
        one_of("accent", "点缀光", "电光蓝", "深红色", "纯白色"),
        avoid="标志变形，外形扭曲，画面闪烁",
    ),
)
LESSONS = (
    template(
        "education-how",
        Category.EDUCATION,
        "原理演示",
        "清晰的三维动画，演示{thing}的工作原理：{process}，剖面视角，运动部件用对比色区分，浅色纯净背景，镜头匀速缓慢环绕",
        words("thing", "讲解对象", "四冲程发动机"),
        words("process", "过程", "活塞吸入混合气，压缩后被推动下行"),
        avoid="标注，杂乱，结构错误，画面闪烁",
    ),
    template(
        "education-history",
        Category.EDUCATION,
        "历史场景",
        "{period}的{place}，{people}正在{action}，服饰、器物与建筑符合时代，纪录片镜头缓慢推移，自然光，细腻胶片颗粒",
        words("place", "地点", "长安西市"),
        words("period", "年代", "唐代"),
        words("people", "人物", "商贩和驼队"),
        words("action", "在做什么", "卸下成捆的丝绸"),
        avoid="现代物品，时代错误，面部扭曲",
    ),
    template(
        "education-nature",
        Category.EDUCATION,
        "自然纪录片",
        "{habitat}，{creature}{action}，长焦远距离拍摄，形态与习性真实，晨光柔和，沉静的自然纪录片风格",
        words("creature", "动物或植物", "一只翠鸟"),
        words("action", "在做什么", "俯冲入水，衔起一条小鱼"),
        words("habitat", "环境", "清澈的山间溪流"),
        avoid="多余肢体，卡通感，画面闪烁",
    ),
    template(
        "education-experiment",
        Category.EDUCATION,
        "科学实验",
        "整洁的实验台上，近景拍摄一个实验：{setup}，随后{reaction}，一镜到底，深色背景配侧光，固定机位，真实严谨",
        words("setup", "实验准备", "一滴蓝色染料悬在平静的水面上方"),
        words("reaction", "发生了什么", "落入水中，缓缓绽成一圈圈烟环"),
        avoid="爆炸，人物，模糊，画面闪烁",
    ),
)
CHINESE = (*PRODUCTS, *HOMES, *DISHES, *POSTS, *EVENTS, *LESSONS)
